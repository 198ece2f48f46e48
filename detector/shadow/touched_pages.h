// touched_pages.h: which pages of the shadow hold anything at all.
//
// Input:    a range of the shadow.
// Output:   its touched parts, in order. A page that was only ever read may be among them;
//           the ends of the range always are where they share a page with others.
// Cost:     a system call for each 64 touched parts; before Linux 6.7 8 bytes are read for each
//           page, instead of 4096.
// Threads:  any. What others touch meanwhile may be missed.
#ifndef FIBERSAN_DETECTOR_SHADOW_TOUCHED_PAGES_H
#define FIBERSAN_DETECTOR_SHADOW_TOUCHED_PAGES_H

#include "detector/shadow/cell.h"

namespace fibersan {

inline constexpr uintptr_t kShadowPage = 4096;

inline uintptr_t shadow_page_down(const Cell* cell) {
  return reinterpret_cast<uintptr_t>(cell) & ~(kShadowPage - 1);
}
inline uintptr_t shadow_page_up(const Cell* cell) {
  return (reinterpret_cast<uintptr_t>(cell) + kShadowPage - 1) & ~(kShadowPage - 1);
}

using VisitCells = void (*)(Cell* from, Cell* to, void* data);

// Where the kernel does not tell, everything counts as touched.
void for_each_touched(Cell* from, Cell* to, VisitCells visit, void* data);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_TOUCHED_PAGES_H
