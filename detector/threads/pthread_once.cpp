// pthread_once() and C11's call_once(), and so std::call_once: the routine happens before
// every return.
//
// Invariants
//   O1  A routine that throws or is cancelled has not happened: no release, and the C
//       library lets the next caller try.
//   O2  The routine may switch fibers: what runs behind it looks at its thread anew.
#include "detector/abi/hooks.h"
#include "detector/threads/real.h"

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

__attribute__((noinline)) void release_after(const void* control) {  // O2
  if (act() != nullptr) __fsan_release(sync_of(control));
}

__attribute__((noinline)) void acquire_after(const void* control) {  // O2
  if (act() != nullptr) __fsan_acquire(sync_of(control));
}

void call_routine() {
  const Pending now = pending;
  now.routine();
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
