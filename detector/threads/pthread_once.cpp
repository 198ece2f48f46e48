// pthread_once() and C11's call_once(), and so std::call_once: the routine happens before
// every return.
//
// Invariants
//   O1  A routine that throws or is cancelled has not happened: no release, and the C
//       library lets the next caller try.
//   O2  A fiber that waits in the routine comes back to its thread, in whose list of cleanup
//       handlers the C library has put one meanwhile.
#include "detector/abi/hooks.h"
#include "detector/threads/act.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(pthread_once);
FIBERSAN_REAL(call_once);

// The control word's own address may be the place of a Sync of atomics: it is an int.
const void* sync_of(const void* control) { return control; }

// Handed from the caller to call_routine() on the same thread: nothing comes between.
struct Pending {
  const void* control;
  void (*routine)();
};
constinit thread_local Pending pending
    __attribute__((tls_model("initial-exec"))) = {nullptr, nullptr};

// Behind a routine that may have waited the thread is another one for all the compiler can tell.
[[gnu::noinline]] void release_after(const void* control) {
  if (act() != nullptr) __fsan_release(sync_of(control));
}

[[gnu::noinline]] void acquire_after(const void* control) {
  if (act() != nullptr) __fsan_acquire(sync_of(control));
}

struct Stays {  // O2
  Stays() { fsan_thread_lock_taken(); }
  ~Stays() { fsan_thread_lock_returned(); }
  Stays(const Stays&) = delete;
  Stays& operator=(const Stays&) = delete;
};

void call_routine() {
  const Pending now = pending;
  {
    const Stays stays;
    now.routine();
  }
  release_after(now.control);  // O1
}

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int pthread_once(pthread_once_t* control, void (*routine)()) {
  pending = {control, routine};
  const int result = real_pthread_once(control, call_routine);
  if (result == 0) acquire_after(control);
  return result;
}

void call_once(once_flag* flag, void (*routine)()) {
  pending = {flag, routine};
  real_call_once(flag, call_routine);
  acquire_after(flag);
}

}  // extern "C"
