#include "detector/collector/touched_shadow.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "detector/page.h"
#include "detector/shadow/pagemap.h"

namespace fibersan {
namespace {

// An entry of /proc/self/pagemap.
constexpr uint64_t kEntryPresent = uint64_t{1} << 63;
constexpr uint64_t kEntrySwapped = uint64_t{1} << 62;
constexpr size_t kEntries = 256;  // this may run on a fiber's stack

AddressRange shadow_of_piece(const AddressRange& piece) {
  const uintptr_t low = shadow_of(piece.low, __fsan_shadow_base);
  return {low, low + 2 * (piece.high - piece.low)};
}

// The mappings of the process in the order of their addresses, without allocation.
class Mappings {
 public:
  Mappings() : file_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}
  ~Mappings() {
    if (file_ >= 0) close(file_);
  }
  Mappings(const Mappings&) = delete;
  Mappings& operator=(const Mappings&) = delete;

  [[nodiscard]] bool opened() const { return file_ >= 0; }
  // "<low>-<high> ..."
  bool next(AddressRange& mapping) {
    int after = 0;
    mapping.low = number(after);
    if (after != '-') return false;
    mapping.high = number(after);
    while (after != '\n' && after >= 0) after = get();
    return true;
  }

 private:
  int get() {
    if (at_ == size_) {
      const ssize_t got = read(file_, buffer_, sizeof buffer_);
      if (got <= 0) return -1;
      size_ = static_cast<size_t>(got);
      at_ = 0;
    }
    return static_cast<unsigned char>(buffer_[at_++]);
  }
  uintptr_t number(int& after) {
    uintptr_t value = 0;
    for (;;) {
      after = get();
      if (after >= '0' && after <= '9') {
        value = value * 16 + static_cast<uintptr_t>(after - '0');
      } else if (after >= 'a' && after <= 'f') {
        value = value * 16 + static_cast<uintptr_t>(after - 'a' + 10);
      } else {
        return value;
      }
    }
  }

  int file_;
  size_t at_ = 0;
  size_t size_ = 0;
  char buffer_[1024];
};

}  // namespace

void TouchedShadow::rewind() {
  count_ = next_ = 0;
  piece_ = 0;
  cursor_ = 0;
  at_end_ = false;
}

bool TouchedShadow::next(size_t limit, AddressRange& part) {
  if (next_ == count_ && !at_end_) refill();
  if (next_ == count_) return false;
  AddressRange& region = regions_[next_];
  part = region;
  if (part.high - part.low > limit) part.high = part.low + limit;
  region.low = part.high;
  if (region.low == region.high) ++next_;
  return true;
}

void TouchedShadow::refill() {
  count_ = next_ = 0;
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) {
    available_ = false;
    at_end_ = true;
    return;
  }
  // Where the one way fails the other begins again at the lowest address.
  if (!by_mappings_ && !scan_shadow(pagemap)) by_mappings_ = true;
  if (by_mappings_) scan_mappings(pagemap);
  close(pagemap);
}

bool TouchedShadow::scan_shadow(int pagemap) {
  const ProgramPieces& program = shadowed_pieces();
  for (; piece_ < program.count; ++piece_, cursor_ = 0) {
    const AddressRange shadow = shadow_of_piece(program.pieces[piece_]);
    if (cursor_ == 0) cursor_ = shadow.low;
    while (cursor_ < shadow.high) {
      PageRegion found[kRegions];
      const int got = scan_pagemap(pagemap, cursor_, shadow.high, found, kRegions);
      if (got < 0) {
        cursor_ = 0;
        return false;
      }
      for (int i = 0; i < got; ++i) regions_[count_++] = {found[i].start, found[i].end};
      if (got != 0) return true;
    }
  }
  at_end_ = true;
  return true;
}

void TouchedShadow::scan_mappings(int pagemap) {
  const ProgramPieces& program = shadowed_pieces();
  Mappings mappings;
  if (!mappings.opened()) available_ = false;
  for (AddressRange mapping; available_ && mappings.next(mapping);) {
    for (size_t i = 0; i < program.count; ++i) {
      AddressRange part = mapping;
      if (part.low < program.pieces[i].low) part.low = program.pieces[i].low;
      if (part.high > program.pieces[i].high) part.high = program.pieces[i].high;
      if (part.low < cursor_) part.low = cursor_;
      if (part.low < part.high) read_pagemap(pagemap, part);
      if (count_ == kRegions) return;
    }
  }
  at_end_ = true;
}

void TouchedShadow::read_pagemap(int pagemap, AddressRange program) {
  const uintptr_t first = shadow_of(program.low, __fsan_shadow_base);
  const uintptr_t end = first + 2 * (program.high - program.low);
  uint64_t entries[kEntries];
  for (uintptr_t page = first; page < end;) {
    const size_t left = (end - page) / kPage;
    const size_t wanted = (left < kEntries ? left : kEntries) * sizeof(uint64_t);
    const ssize_t got =
        pread(pagemap, entries, wanted, static_cast<off_t>(page / kPage * sizeof(uint64_t)));
    if (got < static_cast<ssize_t>(sizeof(uint64_t))) {
      available_ = false;
      return;
    }
    for (size_t i = 0; i < static_cast<size_t>(got) / sizeof(uint64_t); ++i, page += kPage) {
      if ((entries[i] & (kEntryPresent | kEntrySwapped)) == 0) continue;
      if (count_ != 0 && regions_[count_ - 1].high == page) {
        regions_[count_ - 1].high = page + kPage;
      } else {
        if (count_ == kRegions) {
          cursor_ = program.low + (page - first) / 2;
          return;
        }
        regions_[count_++] = {page, page + kPage};
      }
    }
  }
  cursor_ = program.high;
}

}  // namespace fibersan
