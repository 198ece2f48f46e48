// A FILE's lock, which knows its thread as a recursive mutex does: flockfile() and its kin, in
// every program. What the C library locks for the length of one call it locks inside.
//
// Threads:  any. A call switches no fiber.
#include <cstdio>

#include "detector/abi/hooks.h"
#include "runtime/thread_locks/real.h"

namespace fiber::internal {
namespace {

FIBER_REAL(flockfile);
FIBER_REAL(ftrylockfile);
FIBER_REAL(funlockfile);

}  // namespace
}  // namespace fiber::internal

using namespace fiber::internal;

extern "C" {

void flockfile(std::FILE* file) noexcept {
  real_flockfile(file);
  fsan_thread_lock_taken();
}

int ftrylockfile(std::FILE* file) noexcept {
  const int result = real_ftrylockfile(file);
  if (result == 0) fsan_thread_lock_taken();
  return result;
}

void funlockfile(std::FILE* file) noexcept {
  real_funlockfile(file);
  fsan_thread_lock_returned();
}

}  // extern "C"
