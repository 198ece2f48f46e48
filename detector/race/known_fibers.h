// known_fibers.h: what is known of fibers by id: who created them, where, their names; which
// of them live.
//
// State:    a record of 80 bytes for each fiber that lives, that a retired lane is named
//           after, that created one of these, or that ended lately; names on the side.
// Cost:     one spin lock of 65536 and a short list. A sweep looks at everything when twice as
//           many fibers were created as it kept the last time, in slices, mostly without locks.
//           Looking at all that live is a walk over all that are known: for reports.
// Threads:  any. A record's content changes under its bucket's lock.
//
// Invariants
//   K1  The record of a fiber that has not ended is never dropped.
//   K2  No id is used twice.
//   K3  A fiber of the runtime is found as live from make_fiber_info() to fiber_info_ended() or
//       not_live(), and its memory stays while it is visited.
#ifndef FIBERSAN_DETECTOR_RACE_KNOWN_FIBERS_H
#define FIBERSAN_DETECTOR_RACE_KNOWN_FIBERS_H

#include "detector/fiber.h"

namespace fibersan {

// Valid until fiber_info_ended(). With `live`, which is complete but for its info, that is set.
FiberInfo* make_fiber_info(uint64_t id, uint64_t creator_id, StackId created, const char* name,
                           fsan_fiber* live = nullptr);
// A timer made it, in the name of another one.
void set_creator(FiberInfo& info, uint64_t creator_id, StackId created);
void name_fiber(FiberInfo& info, const char* name);
void fiber_info_ended(FiberInfo& info);
// It goes on, but nobody visits it any more.
void not_live(FiberInfo& info);
// One that lives, from bucket `place` on, which is left where it was found; null: none, as those
// found before have ended.
fsan_fiber* next_live(uint32_t& place);

// A fiber ended, no lock is held: a slice of a sweep if one is due.
void forget_old_fibers();
// A whole sweep, but for the newest `recent` ids; for tests.
void forget_all_old_fibers(uint64_t recent);
// Fibers of all runs so far, threads left out.
uint64_t fibers_created();
// Records at this moment; for tests.
uint64_t known_fibers();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_KNOWN_FIBERS_H
