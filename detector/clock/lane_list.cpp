#include "detector/clock/lane_list.h"

#include "detector/clock/slab.h"

namespace fibersan {

struct LaneList::Chunk {
  static constexpr unsigned kCapacity = 13;
  Chunk* next;
  std::uint32_t count;
  LaneId lanes[kCapacity];
};

namespace {
constinit Slab chunk_slab(64);
}  // namespace

LaneList& LaneList::operator=(LaneList&& other) noexcept {
  if (this == &other) return *this;
  clear();
  head_ = other.head_;
  size_ = other.size_;
  newest_ = other.newest_;
  other.head_ = nullptr;
  other.size_ = 0;
  return *this;
}

void LaneList::put_away(LaneId lane) {
  static_assert(sizeof(Chunk) == 64);
  if (head_ == nullptr || head_->count == Chunk::kCapacity) {
    auto* chunk = static_cast<Chunk*>(chunk_slab.allocate());
    chunk->next = head_;
    chunk->count = 0;
    head_ = chunk;
  }
  head_->lanes[head_->count++] = lane;
}

LaneId LaneList::take_out() {
  const LaneId lane = head_->lanes[--head_->count];
  if (head_->count == 0) {
    Chunk* empty = head_;
    head_ = empty->next;
    chunk_slab.free(empty);
  }
  return lane;
}

void LaneList::clear() {
  while (head_ != nullptr) {
    Chunk* chunk = head_;
    head_ = chunk->next;
    chunk_slab.free(chunk);
  }
  size_ = 0;
}

std::uint64_t LaneList::live_chunks() { return chunk_slab.live(); }

}  // namespace fibersan
