// history.h: finds the access that left a stamp in the shadow.
//
// Input:    the stamp's lane, epoch and kind, and the bytes it covers.
// Output:   the newest such access still in a ring.
// Cost:     linear in the events of all rings since the access, at least 4096 of each ring:
//           microseconds when it was recent, a millisecond for each processor when it is gone.
// Threads:  any, beside running writers.
// Not here: what to say when it is gone, see detector/report/.
#ifndef FIBERSAN_DETECTOR_HISTORY_HISTORY_H
#define FIBERSAN_DETECTOR_HISTORY_HISTORY_H

#include <cstdint>
#include <optional>

#include "detector/history/context.h"
#include "detector/history/frames.h"
#include "detector/history/ring.h"

namespace fibersan {

struct PastAccess {
  RecordedAccess access;
  uint64_t fiber_id = 0;
  uint32_t lock_set = 0;  // held at the access
  Stack stack;            // empty when the calling context was forgotten
};

std::optional<PastAccess> find_access(uint32_t lane, uint32_t epoch, uintptr_t address,
                                      uint64_t size, bool write, bool atomic);

// Events that all rings together no longer hold.
uint64_t overwritten_events();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_HISTORY_H
