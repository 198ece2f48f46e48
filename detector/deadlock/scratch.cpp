#include "detector/deadlock/scratch.h"

#include "detector/history/mapping.h"

namespace fibersan {

Scratch::~Scratch() {
  while (pieces_ != nullptr) {
    Piece* const next = pieces_->next;
    unmap_memory(pieces_, pieces_->bytes);
    pieces_ = next;
  }
}

void* Scratch::map_piece(size_t bytes) {
  auto* const piece = static_cast<Piece*>(try_map_memory(bytes));
  if (piece == nullptr) {
    failed_ = true;
    return nullptr;
  }
  *piece = {pieces_, bytes};
  pieces_ = piece;
  return piece + 1;
}

void* Scratch::take(size_t bytes) {
  constexpr size_t kAlignment = 16;
  static_assert(sizeof(Piece) % kAlignment == 0);
  bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
  if (failed_) return nullptr;
  if (bytes > kPiece / 4) return map_piece(bytes + sizeof(Piece));
  if (bytes > left_) {
    fresh_ = static_cast<char*>(map_piece(kPiece));
    if (fresh_ == nullptr) return nullptr;
    left_ = kPiece - sizeof(Piece);
  }
  void* const taken = fresh_;
  fresh_ += bytes;
  left_ -= bytes;
  return taken;
}

}  // namespace fibersan
