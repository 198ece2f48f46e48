#include "detector/heap/block_marks.h"

#include <algorithm>

namespace fibersan {
namespace {

constexpr unsigned kPageBits = 12;

bool covers(const LiveBlock& block, uintptr_t address) {
  return block.address != 0 && address - block.address < std::max<uint64_t>(block.size, 1);
}

}  // namespace

BlockMarks::BlockMarks(const BlockTable& table, Allocate allocate, void* data)
    : table_(table), allocate_(allocate), data_(data) {
  top_ = static_cast<Marks***>(allocate_(sizeof table.top_, data_));
  failed_ = top_ == nullptr;
  find_places();
}

void BlockMarks::find_places() {
  uintptr_t gap = 0;
  AddressRange all;
  uintptr_t gap_low = 0;
  table_.for_each_region([&](uintptr_t low) {
    const uintptr_t high = low + (uintptr_t{1} << Table::kRegionBits);
    if (all.high == 0) all.low = low;
    if (all.high != 0 && low - all.high > gap) {
      gap = low - all.high;
      gap_low = all.high;
    }
    all.high = high;
  });
  places_[0] = all;
  if (gap == 0) return;
  places_[0] = {all.low, gap_low};
  places_[1] = {gap_low + gap, all.high};
}

BlockMarks::Marks* BlockMarks::marks_of(uintptr_t address) const {
  if (failed_) return nullptr;
  Marks** const leaf = top_[address >> (Table::kRegionBits + Table::kLeafBits)];
  if (leaf == nullptr) return nullptr;
  return leaf[address >> Table::kRegionBits & ((uintptr_t{1} << Table::kLeafBits) - 1)];
}

BlockMarks::Marks* BlockMarks::make_marks(uintptr_t address) {
  if (Marks* known = marks_of(address)) return known;
  if (failed_) return nullptr;
  Marks**& leaf = top_[address >> (Table::kRegionBits + Table::kLeafBits)];
  if (leaf == nullptr)
    leaf = static_cast<Marks**>(allocate_(sizeof(Marks*) << Table::kLeafBits, data_));
  Marks* marks = nullptr;
  if (leaf != nullptr) marks = static_cast<Marks*>(allocate_(sizeof(Marks), data_));
  if (marks == nullptr) {
    failed_ = true;
    return nullptr;
  }
  leaf[address >> Table::kRegionBits & ((uintptr_t{1} << Table::kLeafBits) - 1)] = marks;
  return marks;
}

// What begins_at() says, of the size alone.
LiveBlock BlockMarks::live_at(uintptr_t address) const {
  const Table::Word* const words = table_.words_at(address);
  if (words == nullptr) return {};
  const uint64_t granule = Table::granule_in_region(address);
  const uint64_t size = Table::live_size(words + granule);
  if (size == Table::kNotLive) return {};
  return {address & ~((uintptr_t{1} << Table::kGranuleBits) - 1), size};
}

// The last one that begins in the page of the address, not after it.
LiveBlock BlockMarks::last_in_page(uintptr_t from) const {
  const Table::Word* const words = table_.words_at(from);
  if (words == nullptr) return {};
  const uint64_t last = Table::granule_in_region(from);
  const uint64_t first = last & ~(kPageGranules - 1);
  for (uint64_t granule = last + 1; granule-- > first;) {
    if (!Table::is_live_begin(words[granule])) continue;
    const uint64_t size = Table::live_size(words + granule);
    if (size == Table::kNotLive) continue;
    const uintptr_t begin = from >> Table::kGranuleBits << Table::kGranuleBits;
    return {begin - ((last - granule) << Table::kGranuleBits), size};
  }
  return {};
}

// K1
LiveBlock BlockMarks::incoming(uintptr_t page) {
  Marks* const marks = make_marks(page);
  if (marks == nullptr) return {};
  const uint64_t number = page >> kPageBits & (kPages - 1);
  LiveBlock block;
  uint64_t from = number;
  for (; from > 0 && block.address == 0; --from) {
    const uintptr_t known = marks->incoming[from];
    if (known == kNobody) break;
    if (known != 0) {
      block = live_at(known);
      break;
    }
    const uintptr_t before = page - ((number - from) << kPageBits) - 1;
    block = last_in_page(before);
  }
  if (from == 0 && block.address == 0) {
    const uintptr_t reaches_in = table_.covered_from(page);
    if (reaches_in != 0) block = live_at(reaches_in);
    const uintptr_t region = page >> Table::kRegionBits << Table::kRegionBits;
    marks->incoming[0] = covers(block, region) ? block.address : kNobody;
  }
  for (uint64_t i = from + 1; i <= number; ++i) {
    const uintptr_t at = page - ((number - i) << kPageBits);
    marks->incoming[i] = covers(block, at) ? block.address : kNobody;
  }
  return covers(block, page) ? block : LiveBlock{};
}

LiveBlock BlockMarks::find(uintptr_t address) {
  if (table_.region(address) == nullptr) return {};
  const uintptr_t page = address >> kPageBits << kPageBits;
  const Marks* const marks = marks_of(address);
  const uintptr_t known =
      marks == nullptr ? 0 : marks->incoming[address >> kPageBits & (kPages - 1)];
  LiveBlock before;
  if (known > kNobody) {
    before = live_at(known);
    if (covers(before, address)) return before;
  }
  const LiveBlock block = last_in_page(address);
  if (block.address != 0) return covers(block, address) ? block : LiveBlock{};  // B1
  if (known != 0) return {};
  before = incoming(page);
  return covers(before, address) ? before : LiveBlock{};
}

void BlockMarks::ask_for_mark(uintptr_t address) const {
  if (const Marks* marks = marks_of(address))
    __builtin_prefetch(&marks->bits[Table::granule_in_region(address) / 64]);
}

void BlockMarks::ask_for_block(uintptr_t address) const {
  if (const Table::Word* words = table_.words_at(address))
    __builtin_prefetch(words + Table::granule_in_region(address));
}

bool BlockMarks::mark(uintptr_t block) {
  Marks* const marks = make_marks(block);
  if (marks == nullptr) return false;  // K2
  const uint64_t granule = Table::granule_in_region(block);
  uint64_t& word = marks->bits[granule / 64];
  const uint64_t bit = uint64_t{1} << (granule % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  return true;
}

bool BlockMarks::marked(uintptr_t block) const {
  const Marks* const marks = marks_of(block);
  const uint64_t granule = Table::granule_in_region(block);
  return marks != nullptr && (marks->bits[granule / 64] >> (granule % 64) & 1) != 0;
}

}  // namespace fibersan
