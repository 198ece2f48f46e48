// interruptions.h: signals of the runtime's own, of which the program is to notice nothing.
//
// Input:    each handler that is called (process/signals.h); those of them that are the runtime's.
// Output:   whether a system call that ended with EINTR would have gone on without the runtime.
// Cost:     an increment for each signal.
// Threads:  per OS thread; a handler runs on the thread that it interrupts.
// Not here: the calls that then go on, see detector/threads/interrupted.h.
#ifndef FIBERSAN_DETECTOR_RACE_INTERRUPTIONS_H
#define FIBERSAN_DETECTOR_RACE_INTERRUPTIONS_H

#include <cstdint>

#include "detector/clock/signal_delay.h"

namespace fibersan {

struct Interruptions {
  uint32_t all = 0;
  uint32_t own = 0;
};

inline constinit thread_local Interruptions interruptions
    __attribute__((tls_model("initial-exec"))) = {};

// From the value's beginning on. Where no fiber is switched.
class InterruptionsSince {
 public:
  // One or more, and no handler of the program's.
  bool were_only_own() const {
    FIBERSAN_SIGNAL_FENCE();
    const uint32_t own = interruptions.own - before_.own;
    return own != 0 && interruptions.all - before_.all == own;
  }

 private:
  Interruptions before_ = interruptions;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_INTERRUPTIONS_H
