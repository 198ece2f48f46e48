// The library's side of go.h.
#include "fiber/go.h"

#include <sched.h>

#include <cstdlib>
#include <cstring>

#include "fiber/error.h"
#include "runtime/fiber.h"
#include "runtime/join.h"
#include "runtime/observe/fiber_snapshot.h"
#include "runtime/park.h"
#include "runtime/preempt.h"
#include "runtime/scheduler.h"
#include "runtime/switch.h"

namespace fiber {
namespace internal {
namespace {

void require_fiber(const char* message) {
  if (current_fiber() == nullptr) throw Error(message);
}

void start(Fiber* fiber) {
  fiber->state.start();
  scheduler.enqueue(fiber, Runnable::kCreated);
  poll_for_preemption();
}

}  // namespace

void start_fiber(const FiberOptions* options, const Closure& closure, void* source,
                 WaitGroup* group) {
  require_fiber("fiber: go() outside of fiber::run; start fibers from a fiber");
  Fiber* fiber = create_fiber(options, closure, source, nullptr);
  fiber->group = group;
  start(fiber);
}

void start_joinable(const FiberOptions* options, const Closure& closure, void* source,
                    JoinState* state) {
  Fiber* fiber = nullptr;
  try {
    require_fiber("fiber: spawn() outside of fiber::run; start fibers from a fiber");
    fiber = create_fiber(options, closure, source, state);
  } catch (...) {
    joined_fiber_failed(state);
    throw;
  }
  start(fiber);
}

}  // namespace internal

void yield() {
  internal::Fiber* fiber = internal::current_fiber();
  if (fiber == nullptr || fiber->state.peek() != internal::FiberState::kRunning) {
    sched_yield();  // a thread, perhaps that of a blocking call
    return;
  }
  fiber->leave = internal::Leave::kYield;
  internal::leave_stack(fiber, /*last=*/false);
}

namespace this_fiber {

uint64_t id() {
  internal::Fiber* fiber = internal::current_fiber();
  return fiber == nullptr ? 0 : fiber->id;
}

std::string name() {
  internal::Fiber* fiber = internal::current_fiber();
  return fiber == nullptr || fiber->name == nullptr ? std::string() : std::string(fiber->name);
}

void set_name(std::string_view name) {
  internal::Fiber* fiber = internal::current_fiber();
  if (fiber == nullptr) throw Error("fiber: set_name() outside of fibers");
  char* copy = strndup(name.data(), name.size());
  if (copy == nullptr) throw std::bad_alloc();
  internal::replace_fiber_name(fiber, copy);
  __fsan_fiber_named(fiber->detector, copy);
}

}  // namespace this_fiber
}  // namespace fiber
