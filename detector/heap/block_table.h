// block_table.h: which heap block an address lies in, who allocated it, and who freed it.
//
// Input:    allocations and frees. Output: the block of any address inside it.
// State:    two words for each block, three for a large one that is freed, in tables of 8 bytes
//           for each 16 bytes of heap that are touched only where blocks begin.
// Cost:     add() and remove(): three loads and two or three stores; a block that crosses 1 MiB
//           borders one more store for each. find() scans at most 1 MiB backwards.
// Threads:  any. An entry is written by the thread that allocates or frees the block;
//           find() may run beside that and then sees the block before or after. Of a block
//           that is being freed it may not know by whom.
// Not here: the blocks' memory, see interpose.cpp; what frees mean for races, see race/; the
//           stack of the free, which the history has.
//
// Invariants
//   B1  Blocks are 16-byte aligned and 32 bytes apart, as glibc's are, so the two granules
//       of an entry belong to its block alone; so does the third from 25 bytes on.
//   B2  A begin mark without the freed bit is a live block. Freed ones stay until
//       something overwrites them: they are used only where no live block is.
//   B3  A region knows, in `covered_from`, the last block that reached into it from before.
#ifndef FIBERSAN_DETECTOR_HEAP_BLOCK_TABLE_H
#define FIBERSAN_DETECTOR_HEAP_BLOCK_TABLE_H

#include <atomic>
#include <cstdint>
#include <optional>

#include "detector/history/stack_table.h"

namespace fibersan {

// Who freed a block: the stamp of the free tells, which is in the history then, or the id.
struct BlockFree {
  bool has_stamp = false;
  uint32_t lane = 0;
  uint32_t epoch = 0;
  uint64_t fiber_id = 0;  // without a stamp
};

struct HeapBlock {
  uintptr_t address = 0;
  uint64_t size = 0;
  StackId allocated = 0;
  uint64_t fiber_id = 0;    // who allocated it
  bool by_library = false;  // by code that is not instrumented
  bool freed = false;
  std::optional<BlockFree> free;  // of a freed one
};

class BlockTable {
 public:
  constexpr BlockTable() = default;

  // Fiber ids above 2^32 are kept modulo that. Ignored when there is no memory for the
  // table: the block is then unknown.
  void add(uintptr_t address, uint64_t size, StackId allocated, uint64_t fiber_id,
           bool by_library = false);

  // Marks as freed what begins_at() has just found.
  void remove(const HeapBlock& live, const BlockFree& free);

  // The detector's own block begins here: nothing is known of this place any more.
  void forget(uintptr_t address);
  // The same of all blocks in whole pages that something else is mapped to now.
  void forget_range(uintptr_t address, uint64_t size);

  // The live block that begins here.
  std::optional<HeapBlock> begins_at(uintptr_t address) const;

  // The live block around the address, else a freed one, else nothing.
  std::optional<HeapBlock> find(uintptr_t address) const;

  // Whether add() ever found no memory, so that there are blocks that nobody knows.
  [[nodiscard]] bool is_incomplete() const {
    return incomplete_.load(std::memory_order_relaxed);  // relaxed: never unset
  }

 private:
  friend class BlockMarks;

  static constexpr unsigned kAddressBits = 47;
  static constexpr unsigned kRegionBits = 20;
  static constexpr unsigned kGranuleBits = 4;
  static constexpr unsigned kLeafBits = 13;  // regions of one second-level table
  static constexpr uint64_t kRegionGranules = uint64_t{1} << (kRegionBits - kGranuleBits);

  using Word = std::atomic<uint64_t>;
  struct Region {
    std::atomic<Word*> words;
    std::atomic<uintptr_t> covered_from;
  };

  // Spare words: the others of a block that begins in the last granule (B1).
  static constexpr uint64_t kRegionWords = kRegionGranules + 2;
  static uint64_t granule_in_region(uintptr_t address) {
    return (address >> kGranuleBits) & (kRegionGranules - 1);
  }
  Region* region(uintptr_t address) const;
  Region* make_region(uintptr_t address);
  Word* words_at(uintptr_t address) const;
  std::optional<HeapBlock> read_entry(uintptr_t address) const;

  // For BlockMarks, while nobody adds or removes.
  static bool is_live_begin(const Word& word) {
    return word.load(std::memory_order_relaxed) >> 62 == 2;  // begin, not freed
  }
  static constexpr uint64_t kNotLive = ~uint64_t{0};
  // Of the block whose entry this is.
  static uint64_t live_size(const Word* entry) {
    if (!is_live_begin(entry[0])) return kNotLive;
    const uint64_t second = entry[1].load(std::memory_order_relaxed);
    return second >> 62 != 0 ? kNotLive : second & ((uint64_t{1} << 46) - 1);
  }
  uintptr_t covered_from(uintptr_t address) const {
    const Region* here = region(address);
    return here == nullptr ? 0 : here->covered_from.load(std::memory_order_relaxed);
  }
  // visit(address) for each region that a block ever was in, in order.
  template <typename Visit>
  void for_each_region(Visit visit) const {
    for (uint64_t i = 0; i < sizeof top_ / sizeof top_[0]; ++i) {
      const Region* leaf = top_[i].load(std::memory_order_relaxed);
      for (uint64_t j = 0; leaf != nullptr && j < uint64_t{1} << kLeafBits; ++j) {
        if (leaf[j].words.load(std::memory_order_relaxed) != nullptr ||
            leaf[j].covered_from.load(std::memory_order_relaxed) != 0)
          visit((i << kLeafBits | j) << kRegionBits);
      }
    }
  }

  std::atomic<bool> incomplete_{false};
  std::atomic<Region*> top_[uint64_t{1} << (kAddressBits - kRegionBits - kLeafBits)] = {};
};

extern BlockTable heap_blocks;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_BLOCK_TABLE_H
