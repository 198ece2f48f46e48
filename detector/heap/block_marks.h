// block_marks.h: the live heap block around any address, and a mark on each, while nobody
// allocates or frees.
//
// Input:    a BlockTable that stands still, memory for marks.
// Cost:     find(): the entries from the address back to the begin of its block, or of its page;
//           once for each page also the pages before. mark(): a bit.
// Threads:  one.
// Not here: what marks mean, see deadlock/.
//
// Invariants
//   K1  incoming[p] says which block reaches into page p from before it: its address, kNobody,
//       or 0 when nobody has looked. Nothing changes that while the table stands still.
//   K2  Without memory for marks failed() says so; what cannot be marked is reported as marked
//       before.
#ifndef FIBERSAN_DETECTOR_HEAP_BLOCK_MARKS_H
#define FIBERSAN_DETECTOR_HEAP_BLOCK_MARKS_H

#include <cstddef>
#include <cstdint>

#include "detector/heap/block_table.h"

namespace fibersan {

struct LiveBlock {
  uintptr_t address = 0;  // 0: there is none
  uint64_t size = 0;
};

struct AddressRange {
  uintptr_t low = 0;
  uintptr_t high = 0;  // one past the last
  [[nodiscard]] bool contains(uintptr_t address) const { return address - low < high - low; }
};

class BlockMarks {
 public:
  // `allocate` gives zeroed memory, or null, and takes it back itself.
  using Allocate = void* (*)(size_t bytes, void* data);
  BlockMarks(const BlockTable& table, Allocate allocate, void* data);

  LiveBlock find(uintptr_t address);
  // marked(), or find(), of this address comes soon.
  void ask_for_mark(uintptr_t address) const;
  void ask_for_block(uintptr_t address) const;
  // Of a block that find() gave. False: it was marked before.
  bool mark(uintptr_t block);
  [[nodiscard]] bool marked(uintptr_t block) const;

  // Where blocks may be: below the widest gap between them and above it.
  [[nodiscard]] const AddressRange* places() const { return places_; }
  static constexpr unsigned kPlaces = 2;

  [[nodiscard]] bool failed() const { return failed_; }

 private:
  using Table = BlockTable;
  static constexpr uint64_t kPageGranules = 256;
  static constexpr uint64_t kPages = Table::kRegionGranules / kPageGranules;
  static constexpr uintptr_t kNobody = 1;
  struct Marks {
    uint64_t bits[Table::kRegionGranules / 64];
    uintptr_t incoming[kPages];
  };

  void find_places();
  Marks* marks_of(uintptr_t address) const;
  Marks* make_marks(uintptr_t address);
  LiveBlock live_at(uintptr_t address) const;
  LiveBlock last_in_page(uintptr_t from) const;
  LiveBlock incoming(uintptr_t page);

  const Table& table_;
  Allocate allocate_;
  void* data_;
  AddressRange places_[kPlaces] = {};
  Marks*** top_ = nullptr;
  bool failed_ = false;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_BLOCK_MARKS_H
