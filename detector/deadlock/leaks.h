// leaks.h: fibers that are left behind, at the end of a run or of a fiber::LeakScope.
//
// Input:    a world that stands still, and who of it is dead anyway.
// Output:   findings, one for each place of creation and stack at which they wait.
// Cost:     nothing unless detect_leaks=1, or a scope has leaks: then copies of who waits.
// Threads:  one at a time, the runtime sees to that. note_...() while the world stands still:
//           nothing is allocated but mapped.
// Not here: who belongs to a scope, and what its grace is, see runtime/world/leak_scopes.h.
//
// Invariants
//   L1  A fiber that can be woken by a timer, a descriptor or a blocking call, or was woken
//       already, is no leak; nor one that stays on purpose (select without cases).
//   L2  What another finding has told about a wait is counted, not told again.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_LEAKS_H
#define FIBERSAN_DETECTOR_DEADLOCK_LEAKS_H

#include <cstddef>
#include <optional>

#include "detector/deadlock/marking.h"

namespace fibersan {

bool stays_on_purpose(const fsan_fiber& fiber);

// The leaks of world.leak_scope.
void note_leaks_of_scope(const fsan_world& world);
// All that are blocked and not dead, when the run is over and the option says so. Null: nobody
// knows who is dead.
void note_leaks_of_run(const fsan_world& world, const Marking* marking);

// Once the world moves again: the findings. Of a scope: how many leaks no suppression names;
// nothing: the world was not stopped for one.
std::optional<size_t> report_leaks();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_LEAKS_H
