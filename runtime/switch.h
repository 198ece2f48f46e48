// switch.h: the fiber's side of a switch; the worker's is Worker::execute().
//
// Threads:  the running fiber, on its own stack.
#ifndef FIBERSAN_RUNTIME_SWITCH_H
#define FIBERSAN_RUNTIME_SWITCH_H

#include "runtime/fiber.h"

namespace fiber::internal {

// Away from the fiber's stack, for fiber->leave. Returns when the fiber runs again, perhaps on
// another thread; with `last` it never does. Its caller's frame stays: stacks of waiting fibers
// are walked from there.
[[clang::not_tail_called]] void leave_stack(Fiber* fiber, bool last);

// Ends the blocking call that the fiber is in. Returns with a processor, or never.
void end_call(Fiber* fiber);
// The same before the fiber parks, its after_save set: it needs no processor for that.
void end_call_to_park(Fiber* fiber);

// The thread may run others again. The fiber is locked to it, and runs.
void unlock_thread(Fiber* fiber);

// Completes the join and leaves for good.
[[noreturn]] void end_fiber(Fiber* fiber);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SWITCH_H
