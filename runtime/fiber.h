// fiber.h: the record of one fiber, at the top of its own stack.
//
// State:    everything that belongs to a fiber and is not on its stack: saved registers,
//           exception globals, errno, how it left, why it waits, who it is.
// Cost:     256 bytes in the stack's first page, no allocation of its own.
// Threads:  owned as fiber_state.h says; `state` and `wait_word` by anybody.
//
// Invariants
//   I1  A record is constructed when a fiber is created and stays readable after its end:
//       the state word is then kIdle.
//   I2  Where a detector listens, `callable` is null once a fiber has ended: one that is idle
//       and has a callable is being created.
#ifndef FIBERSAN_RUNTIME_FIBER_H
#define FIBERSAN_RUNTIME_FIBER_H

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "fiber/go.h"
#include "runtime/context.h"
#include "runtime/fiber_state.h"
#include "runtime/stack_pool.h"

namespace fiber::internal {

class Locals;

// What a fiber wants from the worker whose stack it has returned to.
enum class Leave : uint8_t {
  kYield,
  kPreempted,
  kPark,
  kEnd,
  kMoveAway,        // to go on on another thread: this one is the caller's of run()
  kNeedsProcessor,  // to go on when there is one: its own was taken during a blocking call
  kAbandon,         // never to go on: its run has ended during a blocking call
};

// The C++ ABI's globals of a thread: the stack of caught exceptions and the number of
// uncaught ones (Itanium C++ ABI, 2.2.2).
struct ExceptionGlobals {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

// What the C and C++ libraries keep for a thread and we for a fiber.
struct ThreadState {
  void* caught_exceptions = nullptr;
  unsigned uncaught_exceptions = 0;
  int error_number = 0;
};

class Worker;

class Fiber {
 public:
  static constexpr size_t kCreatorFrames = 6;

  // One cache line for all that a switch touches.
  FiberStateWord state;
  Leave leave = Leave::kYield;
  bool stamped = false;        // runnable_at is to be looked at
  bool keeps_thread = false;   // it left while it held locks that know their thread
  bool wait_is_timed = false;  // where a detector listens, as `waits`
  Context context = nullptr;   // while it does not run
  fsan_fiber* detector = nullptr;
  ThreadState thread_state;
  [[no_unique_address]] SwitchNotes notes;

  // waiting
  void (*after_save)(void*) = nullptr;
  void* after_save_argument = nullptr;
  std::atomic<uintptr_t> wait_word{0};
  const void* parked_frame = nullptr;  // of the last function before leave_stack()
  fsan_wait_reason reason = FSAN_WAIT_REASON_COUNT;
  uint32_t woken_from = UINT32_MAX;  // a TraceTrack, while tracing
  uint64_t waits = 0;                // how often it has parked
  int64_t parked_at = 0;             // coarse clock
  int64_t runnable_at = 0;           // steady clock, when `stamped`

  // identity
  uint64_t id = 0;
  uint64_t creator_id = 0;
  char* name = nullptr;  // malloc'ed or null
  void* created_at[kCreatorFrames] = {};

  // what it runs
  void (*run)(void* callable, JoinState* join) = nullptr;
  void* callable = nullptr;
  JoinState* join = nullptr;
  WaitGroup* group = nullptr;   // to be told of its end
  Locals* locals = nullptr;     // see local.h
  Worker* locked_to = nullptr;  // by LockThread, or because it keeps_thread
  uint32_t thread_locks = 0;
  uint32_t last_worker = UINT32_MAX;  // with FIBER_OPTIONS=migrate=1 only
  uint32_t refusals = 0;
  std::atomic<uint32_t> leak_scope{0};  // the innermost one, see world/leak_scopes.h
  bool exited = false;                  // by exit_fiber()
  const void* condition = nullptr;      // unlocks its lock, to wait for that
  Stack* stack = nullptr;
  int64_t created_time = 0;  // steady clock; 0: its lifetime is not sampled

  // The record's place in a stack. The colour keeps the records of many fibers from
  // sharing the few cache sets that one page offset maps to.
  static Fiber* at(Stack* stack);
};

// Fills a stack with a new fiber whose callable is `closure` moved from `source`, in the
// name of the caller. Throws what the callable's move throws, Error and std::system_error.
Fiber* create_fiber(const FiberOptions* options, const Closure& closure, void* source,
                    JoinState* join);

// After the fiber's last switch out.
void destroy_fiber(Fiber* fiber, StackCache* cache);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_FIBER_H
