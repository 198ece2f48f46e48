#include "detector/heap/block_table.h"

#include <algorithm>

#include "detector/history/mapping.h"

namespace fibersan {
namespace {

// First word:   begin:1 | freed:1 | stack:30 | fiber:32
// Second word:  live   0:1 | 0:1 | by_library:1 | size:46
//               freed  0:1 | 1:1 | has_stamp:1 | by:54 | size:7, kElsewhere: in the third word
//               by: lane:24 epoch:30, or the fiber
constexpr uint64_t kBegin = uint64_t{1} << 63;
constexpr uint64_t kFreed = uint64_t{1} << 62;
constexpr uint64_t kStackMask = (uint64_t{1} << 30) - 1;
constexpr uint64_t kByLibrary = uint64_t{1} << 61;
constexpr uint64_t kHasStamp = uint64_t{1} << 61;
constexpr uint64_t kSizeMask = (uint64_t{1} << 46) - 1;
constexpr unsigned kByShift = 7;
constexpr uint64_t kByMask = (uint64_t{1} << 54) - 1;
constexpr uint64_t kElsewhere = (1u << kByShift) - 1;
constexpr uint64_t kFiberMask = 0xffff'ffff;
constexpr uint64_t kEpochMask = (uint64_t{1} << 30) - 1;

uint64_t first_word(StackId stack, uint64_t fiber) {
  return kBegin | (stack & kStackMask) << 32 | (fiber & kFiberMask);
}
uint64_t second_word(uint64_t size, bool by_library) {
  return (size & kSizeMask) | (by_library ? kByLibrary : 0);
}
uint64_t freed_word(uint64_t size, const BlockFree& free) {
  const uint64_t by = free.has_stamp ? uint64_t{free.lane} << 30 | (free.epoch & kEpochMask)
                                     : free.fiber_id & kFiberMask;
  return kFreed | (free.has_stamp ? kHasStamp : 0) | (by & kByMask) << kByShift |
         std::min(size, kElsewhere);
}
BlockFree free_in(uint64_t word) {
  BlockFree free;
  const uint64_t by = word >> kByShift & kByMask;
  free.has_stamp = (word & kHasStamp) != 0;
  if (free.has_stamp) {
    free.lane = static_cast<uint32_t>(by >> 30);
    free.epoch = static_cast<uint32_t>(by & kEpochMask);
  } else {
    free.fiber_id = by;
  }
  return free;
}

// Publishes a lazily made table; the loser of a race gives its own back.
template <typename T>
T* install(std::atomic<T*>& place, size_t bytes) {
  T* made = static_cast<T*>(try_map_memory(bytes));
  if (made == nullptr) return nullptr;
  T* seen = nullptr;
  // acq_rel [N1]: the zeroed table is visible with its address. Pairs with the acquire
  // loads [N2] in region() and words_at().
  if (place.compare_exchange_strong(seen, made, std::memory_order_acq_rel)) return made;
  unmap_memory(made, bytes);
  return seen;
}

}  // namespace

constinit BlockTable heap_blocks;

BlockTable::Region* BlockTable::region(uintptr_t address) const {
  if (address >> kAddressBits != 0) return nullptr;
  Region* leaf =
      top_[address >> (kRegionBits + kLeafBits)].load(std::memory_order_acquire);  // [N2]
  if (leaf == nullptr) return nullptr;
  return &leaf[address >> kRegionBits & ((uint64_t{1} << kLeafBits) - 1)];
}

BlockTable::Region* BlockTable::make_region(uintptr_t address) {
  if (Region* known = region(address)) return known;
  if (address >> kAddressBits != 0) return nullptr;
  std::atomic<Region*>& place = top_[address >> (kRegionBits + kLeafBits)];
  if (install(place, sizeof(Region) << kLeafBits) == nullptr) return nullptr;
  return region(address);
}

// The table words of the region around the address, null when none was ever made.
BlockTable::Word* BlockTable::words_at(uintptr_t address) const {
  Region* here = region(address);
  return here == nullptr ? nullptr : here->words.load(std::memory_order_acquire);  // [N2]
}

void BlockTable::add(uintptr_t address, uint64_t size, StackId allocated, uint64_t fiber_id,
                     bool by_library) {
  Region* here = make_region(address);
  Word* words = here == nullptr ? nullptr : here->words.load(std::memory_order_acquire);  // [N2]
  if (here != nullptr && words == nullptr)
    words = install(here->words, kRegionWords * sizeof(Word));
  if (words == nullptr) return incomplete_.store(true, std::memory_order_relaxed);
  uint64_t granule = granule_in_region(address);
  words[granule + 1].store(second_word(size, by_library), std::memory_order_relaxed);
  // release: find() on another thread that sees the mark sees the size. Pairs with the
  // acquire in read_entry().
  words[granule].store(first_word(allocated, fiber_id), std::memory_order_release);
  uintptr_t last = address + std::max<uint64_t>(size, 1) - 1;
  for (uintptr_t border = (address >> kRegionBits) + 1; border <= last >> kRegionBits; ++border) {
    Region* next = make_region(border << kRegionBits);
    if (next == nullptr) return incomplete_.store(true, std::memory_order_relaxed);
    next->covered_from.store(address, std::memory_order_relaxed);
  }
}

std::optional<HeapBlock> BlockTable::read_entry(uintptr_t address) const {
  Word* words = words_at(address);
  if (words == nullptr) return std::nullopt;
  uint64_t granule = granule_in_region(address);
  uint64_t first = words[granule].load(std::memory_order_acquire);
  if ((first & kBegin) == 0) return std::nullopt;
  const uint64_t second = words[granule + 1].load(std::memory_order_acquire);  // [F2]
  if ((second & kBegin) != 0) return std::nullopt;  // another block begins there now
  HeapBlock block;
  block.address = address & ~((uintptr_t{1} << kGranuleBits) - 1);
  block.allocated = static_cast<StackId>(first >> 32 & kStackMask);
  block.fiber_id = first & kFiberMask;
  block.freed = ((first | second) & kFreed) != 0;
  if ((second & kFreed) == 0) {
    block.size = second & kSizeMask;
    block.by_library = (second & kByLibrary) != 0;
    return block;
  }
  block.free = free_in(second);
  block.size = second & kElsewhere;
  if (block.size != kElsewhere) return block;
  block.size = words[granule + 2].load(std::memory_order_relaxed);
  if ((block.size & kBegin) != 0) return std::nullopt;
  return block;
}

std::optional<HeapBlock> BlockTable::begins_at(uintptr_t address) const {
  std::optional<HeapBlock> block = read_entry(address);
  if (block && block->freed) block.reset();
  return block;
}

void BlockTable::remove(const HeapBlock& live, const BlockFree& free) {
  // Nobody else writes them: the block's words belong to whoever frees it.
  Word* const words = words_at(live.address) + granule_in_region(live.address);
  if (live.size >= kElsewhere) words[2].store(live.size, std::memory_order_relaxed);
  words[0].store(words[0].load(std::memory_order_relaxed) | kFreed, std::memory_order_relaxed);
  // release [F1]: the size comes with it. Pairs with the acquire [F2] in read_entry().
  words[1].store(freed_word(live.size, free), std::memory_order_release);
}

void BlockTable::forget(uintptr_t address) {
  Word* words = words_at(address);
  if (words != nullptr) words[granule_in_region(address)].store(0, std::memory_order_relaxed);
}

void BlockTable::forget_range(uintptr_t address, uint64_t size) {
  const uintptr_t end = address + size;
  while (address < end) {
    const Region* here = region(address);
    const uintptr_t step = uintptr_t{1}
                           << (here == nullptr ? kRegionBits + kLeafBits : kRegionBits);
    const uintptr_t next = std::min((address & ~(step - 1)) + step, end);
    Word* const words = here == nullptr ? nullptr : words_at(address);
    if (words != nullptr)
      zero_memory(words + granule_in_region(address),
                  ((next - address) >> kGranuleBits) * sizeof(Word));
    address = next;
  }
}

std::optional<HeapBlock> BlockTable::find(uintptr_t address) const {
  std::optional<HeapBlock> freed;
  auto covers = [address](const HeapBlock& block) {
    return address - block.address < std::max<uint64_t>(block.size, 1);
  };
  Region* here = region(address);
  if (here == nullptr) return std::nullopt;
  if (words_at(address) != nullptr) {
    for (uint64_t granule = granule_in_region(address) + 1; granule-- > 0;) {
      uintptr_t candidate = (address >> kRegionBits << kRegionBits) | granule << kGranuleBits;
      std::optional<HeapBlock> block = read_entry(candidate);
      if (!block) continue;
      if (covers(*block) && !block->freed) return block;
      if (!block->freed) return freed;  // B1: nothing before a live block reaches past it
      if (covers(*block) && !freed) freed = block;
    }
  }
  uintptr_t from = here->covered_from.load(std::memory_order_relaxed);
  if (from != 0) {
    std::optional<HeapBlock> block = read_entry(from);
    if (block && covers(*block) && (!block->freed || !freed)) return block;
  }
  return freed;
}

}  // namespace fibersan
