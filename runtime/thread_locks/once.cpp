// pthread_once() and call_once(), and so std::call_once, of plain programs, in front of the C
// library's. While the routine runs the thread has a cleanup handler of theirs in its list: a fiber
// that waits in the routine has to come back to this thread, where it is taken out again.
// Programs with the detector have detector/threads in this place.
//
// Threads:  any.
#include <pthread.h>
#include <threads.h>

#include "detector/abi/hooks.h"
#include "runtime/thread_locks/real.h"

namespace fiber::internal {
namespace {

FIBER_REAL(pthread_once);
FIBER_REAL(call_once);

using Routine = void (*)();
// Handed from the caller to call_routine() on the same thread: nothing comes between.
constinit thread_local Routine pending = nullptr;

struct Stays {
  Stays() { fsan_thread_lock_taken(); }
  ~Stays() { fsan_thread_lock_returned(); }
  Stays(const Stays&) = delete;
  Stays& operator=(const Stays&) = delete;
};

void call_routine() {
  const Routine routine = pending;
  const Stays stays;
  routine();
}

}  // namespace
}  // namespace fiber::internal

using namespace fiber::internal;

extern "C" {

int pthread_once(pthread_once_t* control, void (*routine)()) {
  pending = routine;
  return real_pthread_once(control, call_routine);
}

void call_once(once_flag* flag, void (*routine)()) {
  pending = routine;
  real_call_once(flag, call_routine);
}

}  // extern "C"
