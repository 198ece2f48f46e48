// touched_shadow.h: the parts of all the shadow that hold anything, one after the other.
//
// Output:   every page that somebody has stored to before rewind(), perhaps some more.
// State:    a few regions read ahead.
// Cost:     with the kernel's PAGEMAP_SCAN (Linux 6.7) proportional to what is touched, though
//           the shadow spans terabytes. Without it 8 bytes are read for each page of shadow
//           that belongs to something the program has mapped.
// Threads:  one at a time, beside those that use the shadow.
// Errors:   without /proc nothing can be known: available() is false.
// Not here: parts of a range that is known, see shadow/touched_pages.h.
#ifndef FIBERSAN_DETECTOR_COLLECTOR_TOUCHED_SHADOW_H
#define FIBERSAN_DETECTOR_COLLECTOR_TOUCHED_SHADOW_H

#include <cstddef>
#include <cstdint>

#include "detector/shadow/layout.h"

namespace fibersan {

class TouchedShadow {
 public:
  constexpr TouchedShadow() = default;

  void rewind();
  // The next part, of at most `limit` bytes (whole pages). False at the end.
  bool next(size_t limit, AddressRange& part);
  // False when the system does not tell; found out by next().
  [[nodiscard]] bool available() const { return available_; }

  // Tests compare the two ways to find out.
  void use_mappings_only() { by_mappings_ = true; }

 private:
  static constexpr unsigned kRegions = 64;

  // Reads ahead what there is room for, from the cursor on.
  void refill();
  // False when the kernel does not know the call.
  bool scan_shadow(int pagemap);
  void scan_mappings(int pagemap);
  // Adds the touched pages of the shadow of a part of the program's addresses.
  void read_pagemap(int pagemap, AddressRange program);

  AddressRange regions_[kRegions] = {};
  unsigned count_ = 0;
  unsigned next_ = 0;
  // By PAGEMAP_SCAN: the piece of the program and the address in its shadow. By mappings: an
  // address of the program.
  size_t piece_ = 0;
  uintptr_t cursor_ = 0;
  bool at_end_ = false;
  bool by_mappings_ = false;
  bool available_ = true;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_COLLECTOR_TOUCHED_SHADOW_H
