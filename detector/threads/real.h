// real.h: the C library's functions behind ours, and in whose name ours are called.
//
// State:    one pointer for each function, looked up at the detector's start, or at the
//           first call when that comes earlier.
// Cost:     a call through a pointer.
// Threads:  any.
//
// Invariants
//   R1  A function that the C library does not have is never called: what uses it would not
//       have been linked.
//   R2  Where act() is null the call passes through unseen: the runtime's own work, the
//       detector's, the scheduler between two fibers.
#ifndef FIBERSAN_DETECTOR_THREADS_REAL_H
#define FIBERSAN_DETECTOR_THREADS_REAL_H

#include <pthread.h>
#include <semaphore.h>
#include <threads.h>

#include <atomic>

#include "detector/heap/inside_detector.h"
#include "detector/race/access.h"
#include "detector/race/held_locks.h"
#include "detector/race/thread.h"

namespace fibersan {

// The next definition behind the executable's; `version` may be null, or of another machine.
// Ends the process with a message when there is none.
void* next_function(const char* name, const char* version);

template <typename Function>
class Real {
 public:
  constexpr explicit Real(const char* name, const char* version = nullptr)
      : name_(name), version_(version) {}

  template <typename... Arguments>
  auto operator()(Arguments... arguments) const {
    // relaxed: whoever looks it up finds the same.
    Function function = function_.load(std::memory_order_relaxed);
    if (__builtin_expect(function == nullptr, 0)) {
      function = reinterpret_cast<Function>(next_function(name_, version_));
      function_.store(function, std::memory_order_relaxed);
    }
    return function(arguments...);
  }

 private:
  const char* name_;
  const char* version_;
  mutable std::atomic<Function> function_{nullptr};
};

#define FIBERSAN_REAL(name) \
  constinit const ::fibersan::Real<decltype(&::name)> real_##name { #name }

// Null: unseen (R2).
inline fsan_fiber* act() {
  if (this_thread.own_work_depth != 0 || inside_detector()) return nullptr;
  return acting_fiber();
}

// In an interposed function only, whose caller it names.
#define FIBERSAN_USER FIBERSAN_CALLER(__fsan_running.context)

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_THREADS_REAL_H
