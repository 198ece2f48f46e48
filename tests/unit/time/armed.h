// armed.h: what a test can wait for instead of sleeping: that no timer is armed any more.
#ifndef FIBERSAN_TESTS_UNIT_TIME_ARMED_H
#define FIBERSAN_TESTS_UNIT_TIME_ARMED_H

#include <fiber/go.h>

#include "runtime/scheduler.h"

namespace fiber_test {

inline bool timers_armed() { return !fiber::internal::scheduler.timers.empty(); }

inline bool callbacks_run() {
  using fiber::internal::scheduler;
  for (uint32_t i = 0; i < scheduler.processor_count(); ++i)
    if (scheduler.processor(i).timers.firing()) return true;
  return false;
}

// All that were armed have fired, and their ticks wait or are received.
inline void let_timers_fire() {
  while (timers_armed() || callbacks_run()) fiber::yield();
}

}  // namespace fiber_test

#endif  // FIBERSAN_TESTS_UNIT_TIME_ARMED_H
