// pagemap.h: which pages of a range the system has given memory, by /proc/self/pagemap.
//
// Input:    a descriptor of that file, and whole pages.
// Output:   regions in the order of their addresses. Pages that were only ever read, and show
//           the system's page of zeros, are not among them.
// Cost:     one system call for as many regions as there is room for, whatever the range.
// Threads:  any. What others touch meanwhile may be missed.
// Errors:   systems before Linux 6.7 do not know PAGEMAP_SCAN.
#ifndef FIBERSAN_DETECTOR_SHADOW_PAGEMAP_H
#define FIBERSAN_DETECTOR_SHADOW_PAGEMAP_H

#include <cstdint>

namespace fibersan {

// As <linux/fs.h> has it: older headers lack it, the system may know it all the same.
struct PageRegion {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};

// Fills in up to `room` regions of [from, end) and moves `from` behind what was looked at.
// Negative: the system does not tell.
int scan_pagemap(int pagemap, uintptr_t& from, uintptr_t end, PageRegion* regions, unsigned room);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_PAGEMAP_H
