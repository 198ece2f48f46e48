#include "detector/heap/block_table.h"

#include <algorithm>

#include "detector/history/mapping.h"

namespace fibersan {
namespace {

// First word:   begin:1 | freed:1 | stack:30 | fiber:32 (low)
// Second word:  0:1 | fiber:16 (high) | by_library:1 | size:46
constexpr uint64_t kBegin = uint64_t{1} << 63;
constexpr uint64_t kFreed = uint64_t{1} << 62;
constexpr uint64_t kStackMask = (uint64_t{1} << 30) - 1;
constexpr uint64_t kByLibrary = uint64_t{1} << 46;
constexpr uint64_t kSizeMask = (uint64_t{1} << 46) - 1;

uint64_t first_word(StackId stack, uint64_t fiber) {
  return kBegin | (stack & kStackMask) << 32 | (fiber & 0xffffffff);
}
uint64_t second_word(uint64_t size, uint64_t fiber, bool by_library) {
  return (size & kSizeMask) | (by_library ? kByLibrary : 0) | (fiber >> 32 & 0xffff) << 47;
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
  if (here == nullptr) return;
  Word* words = here->words.load(std::memory_order_acquire);  // [N2]
  if (words == nullptr) words = install(here->words, kRegionWords * sizeof(Word));
  if (words == nullptr) return;
  uint64_t granule = granule_in_region(address);
  words[granule + 1].store(second_word(size, fiber_id, by_library), std::memory_order_relaxed);
  // release: find() on another thread that sees the mark sees the size. Pairs with the
  // acquire in read_entry().
  words[granule].store(first_word(allocated, fiber_id), std::memory_order_release);
  uintptr_t last = address + std::max<uint64_t>(size, 1) - 1;
  for (uintptr_t border = (address >> kRegionBits) + 1; border <= last >> kRegionBits; ++border) {
    Region* next = make_region(border << kRegionBits);
    if (next != nullptr) next->covered_from.store(address, std::memory_order_relaxed);
  }
}

std::optional<HeapBlock> BlockTable::read_entry(uintptr_t address) const {
  Word* words = words_at(address);
  if (words == nullptr) return std::nullopt;
  uint64_t granule = granule_in_region(address);
  uint64_t first = words[granule].load(std::memory_order_acquire);
  if ((first & kBegin) == 0) return std::nullopt;
  uint64_t second = words[granule + 1].load(std::memory_order_relaxed);
  if ((second & kBegin) != 0) return std::nullopt;  // another block begins there now
  HeapBlock block;
  block.address = address & ~((uintptr_t{1} << kGranuleBits) - 1);
  block.size = second & kSizeMask;
  block.allocated = static_cast<StackId>(first >> 32 & kStackMask);
  block.fiber_id = (first & 0xffffffff) | (second >> 47) << 32;
  block.by_library = (second & kByLibrary) != 0;
  block.freed = (first & kFreed) != 0;
  return block;
}

std::optional<HeapBlock> BlockTable::begins_at(uintptr_t address) const {
  std::optional<HeapBlock> block = read_entry(address);
  if (block && block->freed) block.reset();
  return block;
}

std::optional<HeapBlock> BlockTable::remove(uintptr_t address) {
  std::optional<HeapBlock> block = begins_at(address);
  if (block) {
    // Nobody else writes it: the block's words belong to whoever frees it.
    Word& first = words_at(address)[granule_in_region(address)];
    first.store(first.load(std::memory_order_relaxed) | kFreed, std::memory_order_relaxed);
  }
  return block;
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
