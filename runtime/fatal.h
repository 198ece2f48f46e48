// fatal.h: how the runtime ends a process that cannot go on: an exception that nobody
// takes, a stack overflow.
//
// Output:   "fatal error: ..." with the fiber and its stack on standard error.
// Not here: the global deadlock, see deadlock.h; broken invariants, see check.h.
#ifndef FIBERSAN_RUNTIME_FATAL_H
#define FIBERSAN_RUNTIME_FATAL_H

#include <cstdint>
#include <exception>

namespace fiber::internal {

// For the process, once: std::terminate in a fiber names the fiber. Outside of fibers the
// handler that was installed before is called.
void install_terminate_handler();

// The Handle was detached or dropped: the exception is known, its stack is gone.
[[noreturn]] void fatal_unjoined_exception(uint64_t fiber_id, const std::exception_ptr& exception);

// For the process, once: a fault in a stack's guard names the fiber, its stack size and the
// option that raises it. Other faults go on to the handler that was installed before.
void install_overflow_handler();

// For each worker thread: the handler cannot run on the stack that overflowed.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  void* memory_;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_FATAL_H
