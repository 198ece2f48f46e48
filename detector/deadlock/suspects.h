// suspects.h: whom a look found dead, and who was in the look before.
//
// Input:    of each look the fibers that can never run again, those left out that a finding has
//           named.
// Output:   those whom a finding is to name now.
// State:    the list of the last look.
// Threads:  one look at a time.
//
// Invariants
//   L1  A fiber is reported when it was dead in two looks in a row, 100 ms apart at least, in the
//       same wait; or in one, when the run is over and nothing is in flight any more.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_SUSPECTS_H
#define FIBERSAN_DETECTOR_DEADLOCK_SUSPECTS_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "detector/deadlock/mapped_array.h"

struct fsan_fiber;

namespace fibersan {

struct DeadFiber {
  const fsan_fiber* fiber;
  uint64_t id;
  uint64_t wait;  // of fsan_world_fiber
  uint32_t turn;  // of Waiting
};

class Suspects {
 public:
  static constexpr uint64_t kBetweenLooks = 100;  // milliseconds

  // Of a look at this time. Returns those to report, until the next call (L1).
  std::span<const DeadFiber> judge(std::span<const DeadFiber> dead, uint64_t now_ms,
                                   bool run_is_over);
  // A look that found nothing out, or the end of a run: the row is broken.
  void forget();

 private:
  struct Suspect {
    DeadFiber dead;
    uint64_t since;
  };
  static bool is_before(const DeadFiber& a, const DeadFiber& b) { return a.id < b.id; }
  [[nodiscard]] const Suspect* find(const DeadFiber& dead) const;

  MappedArray<Suspect> suspects_;  // by id
  MappedArray<DeadFiber> confirmed_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_SUSPECTS_H
