#include "runtime/preempt.h"

#include <csignal>
#include <cstring>

#include "detector/abi/hooks.h"
#include "runtime/fiber.h"
#include "runtime/hooks.h"
#include "runtime/monitor.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/switch.h"
#include "runtime/worker_threads.h"

extern "C" {
constinit __thread uint8_t __fiber_preempt_requested = 0;
constinit __thread uint32_t __fiber_thread_locks = 0;
}

namespace fiber::internal {

constinit thread_local uint32_t locks_held_by_thread = 0;

#if !defined(__x86_64__)
__attribute__((noinline)) void count_lock() {
  asm volatile("");
  ++locks_held_by_thread;
}
__attribute__((noinline)) void uncount_lock() {
  asm volatile("");
  --locks_held_by_thread;
}
#endif

__attribute__((noinline)) uint32_t locks_held() {
  asm volatile("");
  return locks_held_by_thread;
}

__attribute__((noinline)) uint8_t* preempt_request() {
  asm volatile("");
  return &__fiber_preempt_requested;
}

__attribute__((noinline)) uint32_t* thread_locks() {
  asm volatile("");
  return &__fiber_thread_locks;
}

namespace {

// A handler runs with its signal blocked; a mask that the program has changed for this
// thread is as good a reason to stay on it.
bool signals_are_blocked() {
  sigset_t mask;
  return pthread_sigmask(SIG_SETMASK, nullptr, &mask) != 0 ||
         std::memcmp(&mask, &worker_threads.signals(), sizeof(uint64_t)) != 0;
}

// I2. At the end of a run it stops where it is, as all do.
bool goes_on_with_locks() {
  if (*thread_locks() == 0 || scheduler.stopping()) return false;
  if (current_worker()->processor() == nullptr) return true;
  if (!monitor.may_take_from_computing()) return false;
  // Here surely no access is under way.
  if (hooks::listening() && scheduler.work_visible())
    static_cast<void>(__fsan_run_widened(/*asleep=*/1));
  return true;
}

// I1. A handler on a stack of its own is told by the frame's address too.
bool may_switch(const Fiber* fiber, const void* frame) {
  if (fiber == nullptr || locks_held() != 0) return false;
  if (fiber->state.peek() != FiberState::kRunning) return false;  // a blocking call
  const char* here = static_cast<const char*>(frame);
  if (here < fiber->stack->low || here >= fiber->stack->high()) return false;
  return !goes_on_with_locks() && !signals_are_blocked();
}

}  // namespace

void preempt(const void* frame) {
  Fiber* fiber = current_fiber();
  if (!may_switch(fiber, frame)) return;
  fiber->leave = Leave::kPreempted;
  leave_stack(fiber, /*last=*/false);
}

}  // namespace fiber::internal

extern "C" FSAN_COLD void __fiber_preempt(void) {
  fiber::internal::preempt(__builtin_frame_address(0));
}
