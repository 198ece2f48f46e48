// monitor.h: the thread that looks after the workers (Go's sysmon).
//
// Input:    wake() when something needs it at once.
// Output:   threads for processors that wait for one.
// State:    one thread while a run is on; it has no processor and runs no fiber.
// Cost:     asleep while every processor is idle.
// Threads:  wake() from any; start() and stop() from the run's thread.
//
// Invariants
//   I1  Only the monitor starts threads while workers work: never on a fiber's stack, never
//       under a lock.
#ifndef FIBERSAN_RUNTIME_MONITOR_H
#define FIBERSAN_RUNTIME_MONITOR_H

#include <optional>
#include <thread>

#include "runtime/parker.h"

namespace fiber::internal {

class Monitor {
 public:
  // Throws std::system_error when the system gives no thread.
  void start();
  // After the run was stopped: no thread is started any more. Also when there is none.
  void stop();

  void wake() { parker_.unpark(); }

 private:
  void watch();
  void start_threads();

  Parker parker_;
  std::optional<std::thread> thread_;
};

extern Monitor monitor;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_MONITOR_H
