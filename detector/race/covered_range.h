// covered_range.h: have all bytes of a range the running fiber's stamp already?
//
// Output:   true: nothing is left to be done. False: not, or not in the usual form: the general way
//           decides (access.h).
// Cost:     with AVX2 less than a cycle for each cell in the first-level cache, else two.
// Threads:  any, beside others that change the cells. Each slot is read whole: a vector load may be
//           torn between its 8-byte elements, not within one (Intel SDM volume 3, 8.1.1, and what
//           processors do).
//
// Invariants
//   V1  True means that cell_covers() (shadow/cell.h) is true of every cell at the time when it was
//       read.
#ifndef FIBERSAN_DETECTOR_RACE_COVERED_RANGE_H
#define FIBERSAN_DETECTOR_RACE_COVERED_RANGE_H

#include "detector/race/access_fast.h"
#include "detector/shadow/shadow.h"

namespace fibersan {

// Every cell from `cell` up to `end` is covered for an access to all of its bytes.
bool all_cover(const Cell* cell, const Cell* end, Stamp wanted);

// The same for a few cells, without a call.
FIBERSAN_INLINE bool few_cover(const Cell* cell, const Cell* end, Stamp wanted) {
  for (; cell != end; ++cell)
    if (!cell_is_covered(*cell, wanted)) return false;
  return true;
}

// `whole_cover` is one of these two.
template <typename WholeCover>
FIBERSAN_INLINE bool range_is_covered(uintptr_t address, uint64_t size, AccessKind kind,
                                      WholeCover whole_cover) {
  constexpr uint64_t kCellBytes = 8;
  const Stamp running = running_stamp();
  if (running == 0 || size < 2 * kCellBytes) return false;
  const Stamp of_kind = running | static_cast<Stamp>(kind);
  const Cell* cell = &cell_at(address);
  const uintptr_t end = address + size;
  const Cell* const whole_end = &cell_at(end & ~(kCellBytes - 1));
  // Only the first and the last cell may be accessed in part.
  if (address % kCellBytes != 0 &&
      !cell_is_covered(*cell++, of_kind | static_cast<uint8_t>(0xff << address % kCellBytes)))
    return false;
  if (end % kCellBytes != 0 &&
      !cell_is_covered(*whole_end, of_kind | ((Stamp{1} << end % kCellBytes) - 1)))
    return false;
  return whole_cover(cell, whole_end, of_kind | kStampMaskBits);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_COVERED_RANGE_H
