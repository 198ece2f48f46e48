#include "detector/shadow/touched_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "detector/shadow/pagemap.h"

namespace fibersan {
namespace {

// An entry of /proc/self/pagemap. Not mincore(): it does not know of pages that are
// swapped out.
constexpr uint64_t kPresent = uint64_t{1} << 63;
constexpr uint64_t kSwapped = uint64_t{1} << 62;
// This runs on fibers' stacks.
constexpr size_t kEntries = 256;
constexpr unsigned kRegions = 64;

// Joins neighbouring pages to one visit.
class Runs {
 public:
  Runs(VisitCells visit, void* data) : visit_(visit), data_(data) {}
  void add(uintptr_t from, uintptr_t to) {
    if (from == to) return;
    if (from != to_) {
      flush();
      from_ = from;
    }
    to_ = to;
  }
  void flush() {
    if (to_ != 0) visit_(reinterpret_cast<Cell*>(from_), reinterpret_cast<Cell*>(to_), data_);
    to_ = 0;
  }

 private:
  VisitCells visit_;
  void* data_;
  uintptr_t from_ = 0;
  uintptr_t to_ = 0;
};

// Whole pages from `page` to `end`. Both return where the system stopped telling.
uintptr_t scan_touched(int pagemap, uintptr_t page, uintptr_t end, Runs& runs) {
  PageRegion regions[kRegions];
  while (page < end) {
    const int got = scan_pagemap(pagemap, page, end, regions, kRegions);
    if (got < 0) break;
    for (int i = 0; i < got; ++i) runs.add(regions[i].start, regions[i].end);
  }
  return page;
}

uintptr_t read_touched(int pagemap, uintptr_t page, uintptr_t end, Runs& runs) {
  uint64_t entries[kEntries];
  while (page < end) {
    const size_t left = (end - page) / kShadowPage;
    const size_t wanted = (left < kEntries ? left : kEntries) * sizeof(uint64_t);
    const auto offset = static_cast<off_t>(page / kShadowPage * sizeof(uint64_t));
    const ssize_t got = pread(pagemap, entries, wanted, offset);
    if (got < static_cast<ssize_t>(sizeof(uint64_t))) break;
    for (size_t i = 0; i < static_cast<size_t>(got) / sizeof(uint64_t); ++i) {
      if ((entries[i] & (kPresent | kSwapped)) != 0) runs.add(page, page + kShadowPage);
      page += kShadowPage;
    }
  }
  return page;
}

uintptr_t add_touched(uintptr_t page, uintptr_t end, Runs& runs) {
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return page;
  page = scan_touched(pagemap, page, end, runs);
  page = read_touched(pagemap, page, end, runs);
  close(pagemap);
  return page;
}

}  // namespace

void for_each_touched(Cell* from, Cell* to, VisitCells visit, void* data) {
  const uintptr_t first_page = shadow_page_up(from);
  const uintptr_t end_page = shadow_page_down(to);
  if (first_page >= end_page) {
    visit(from, to, data);
    return;
  }
  const int saved = errno;  // free() leaves errno alone
  Runs runs(visit, data);
  runs.add(reinterpret_cast<uintptr_t>(from), first_page);
  runs.add(add_touched(first_page, end_page, runs), end_page);
  runs.add(end_page, reinterpret_cast<uintptr_t>(to));
  runs.flush();
  errno = saved;
}

}  // namespace fibersan
