// running_stacks.h: where fibers are that run at this moment.
//
// Input:    a worker's thread and fiber.
// Output:   return addresses, innermost first, or that there are none to be had.
// Cost:     a signal (SIGURG, as Go's preemption) and its handler: 5 to 50 us for each running
//           fiber. At most kPatience when a thread does not answer.
// Threads:  one caller at a time, see lock().
// Not here: fibers that wait, see fiber_snapshot.h.
//
// The thread is interrupted and its handler follows the frame pointers from the interrupted
// registers, inside of the fiber's stack. So it also works for a fiber without polls, in a
// library or in a system call; a system call may end with EINTR. Code without frame pointers
// (the C library) costs the frame of who called it, never more.
//
// Invariants
//   I1  The program's own handler of SIGURG stays: then no stack is to be had.
//   I2  A late handler finds that its request is over, and touches nothing.
#ifndef FIBERSAN_RUNTIME_OBSERVE_RUNNING_STACKS_H
#define FIBERSAN_RUNTIME_OBSERVE_RUNNING_STACKS_H

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace fiber::internal {

class Fiber;

// Held by who has taken a signal to interrupt threads with.
std::mutex& one_interrupter();

class RunningStacks {
 public:
  static constexpr auto kPatience = std::chrono::milliseconds(250);

  // Takes the signal for as long as the object lives.
  RunningStacks();
  ~RunningStacks();
  RunningStacks(const RunningStacks&) = delete;
  RunningStacks& operator=(const RunningStacks&) = delete;

  // Stores at most `most` addresses of the stack of the fiber with this id, if the thread runs
  // it. 0: it did not answer, or runs something else by now.
  size_t read(pid_t thread, uint64_t fiber_id, void** addresses, size_t most);

 private:
  bool installed_ = false;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_RUNNING_STACKS_H
