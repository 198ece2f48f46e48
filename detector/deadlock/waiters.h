// waiters.h: fibers that wait, as parts of a Report.
//
// Input:    fsan_fibers that stand still. Output: report data, symbolized.
// Cost:     a frame walk for each fiber; of more than kListed those that wait alike become one
//           entry.
// Threads:  read_waiter() where the fiber cannot go on, also where nothing may be allocated;
//           the others in a FindingScope.
// Not here: who waits for ever, see global.cpp, reachable.cpp, wait_cycle.h.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_WAITERS_H
#define FIBERSAN_DETECTOR_DEADLOCK_WAITERS_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "detector/fiber.h"
#include "detector/findings/findings.h"
#include "detector/report/report.h"

namespace fibersan {

// What is read of a fiber.
struct Waiter {
  static constexpr size_t kNamed = 16;  // of its objects

  uint64_t id;
  uint64_t creator_id;
  StackId created;
  StackId stack;
  bool waits;
  fsan_wait_reason reason;
  size_t count;
  const void* objects[kNamed];
  uint64_t waits_for;  // whom it joins, or who runs its Once; 0: nobody, or not known
  static constexpr size_t kAsked = 4;  // of its objects: what they say of themselves
  struct State {
    bool known;
    fsan_object_state is;
  } states[kAsked];
  int64_t waited;  // nanoseconds; negative: not known
};

struct Hold {
  const void* lock;
  uint64_t fiber_id;
};

Waiter read_waiter(const fsan_fiber& fiber);

// Fibers that were created and wait in the same places for the same reason wait alike.
using WaitPlace = std::tuple<StackId, StackId, int>;
WaitPlace place_of(const Waiter& waiter);

// Of a finding about fibers that wait at these places, in any order and as often as they like.
uint64_t fingerprint(fsan_finding_kind kind, std::vector<WaitPlace> places);

// By lock: the ids of those who hold it.
using Holders = std::multimap<const void*, uint64_t>;

inline constexpr size_t kListed = 64;

ReportWaiters describe_waiter(FindingScope& scope, const Waiter& waiter, const Holders& holders);

// All of them, or groups of those that wait at one place for one reason and were created at one
// place, when they are more than `listed`; which object each waits for is said of the first.
void describe_waiters(FindingScope& scope, std::vector<Waiter> waiters, const Holders& holders,
                      Report& report, size_t listed = kListed);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_WAITERS_H
