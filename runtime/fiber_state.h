// fiber_state.h: the life of a fiber as one word with named transitions.
//
//   kIdle --start--> kRunnable --dispatch--> kRunning --ended--> kIdle
//                        ^                    |    |
//                        +-------yielded------+    | begin_park
//                        |                         v
//                        |   context_saved      kParking --context_saved--> kParked
//                        +------- kWoken <--wake--+                            |
//                        +-------------------------------wake------------------+
//   kRunning --begin_call--> kInCall --end_call--> kRunning
//   any but kIdle --stop--> kStopped: its run has ended, it never moves again.
//
// State     who owns the fiber's stack
//   kIdle      the stack pool
//   kRunnable  the run queue it is in; whoever takes it out owns it
//   kRunning   the worker that runs it
//   kParking   the same worker, until context_saved()
//   kWoken     the same worker, which must enqueue it
//   kParked    nobody; the one who wins wake()
//   kInCall    the thread that executes the blocking call; it may have no processor
//   kStopped   nobody, for ever; after a stop during a blocking call, that thread until it
//              has left
//
// Threads:  wake() from any thread, the others from the owner of the stack, stop() when no
//           worker runs (blocking calls may).
//
// Invariants
//   I1  One wake() for each begin_park(); a second one is a broken invariant.
//   I2  Whoever reads kParked may switch to the saved context.
//   I3  Between kParking and the enqueue there is exactly one who enqueues: the waker
//       when it saw kParked, the worker when it did not.
//   I4  What the waker did before wake() is visible to the fiber after its park.
#ifndef FIBERSAN_RUNTIME_FIBER_STATE_H
#define FIBERSAN_RUNTIME_FIBER_STATE_H

#include <atomic>
#include <cstdint>

#include "runtime/check.h"

namespace fiber::internal {

enum class FiberState : uint32_t {
  kIdle,
  kRunnable,
  kRunning,
  kParking,
  kWoken,
  kParked,
  kInCall,
  kStopped,
};

enum class NextStep : uint8_t { kNothing, kEnqueue };

class FiberStateWord {
 public:
  // The creator has filled in the fiber; the queue publishes it.
  void start() {
    expect(FiberState::kIdle);
    word_.store(FiberState::kRunnable, std::memory_order_relaxed);
  }

  // By the worker that took the fiber out of a queue, before it switches to it. False:
  // the fiber belongs to a run that has ended.
  [[nodiscard]] bool dispatch() {
    // acquire [A1]: the saved context. Pairs with [R1] in context_saved() through the
    // waker's exchange [R2], which continues the release sequence.
    FiberState seen = word_.load(std::memory_order_acquire);
    if (seen == FiberState::kStopped) return false;
    FIBERSAN_CHECK(seen == FiberState::kRunnable, seen);
    word_.store(FiberState::kRunning, std::memory_order_relaxed);
    return true;
  }

  // By the fiber, before it leaves its stack. Relaxed: who may call wake() has found the
  // fiber through a lock that is released later, in after_save.
  void begin_park() {
    expect(FiberState::kRunning);
    word_.store(FiberState::kParking, std::memory_order_relaxed);
  }

  // Called by the worker, after the switch, once the fiber's registers are saved
  // and after_save has run. Decides the race against wake().
  [[nodiscard]] NextStep context_saved() {
    FiberState seen = FiberState::kParking;
    // release [R1]: publishes the saved context (I2). Pairs with [A1] and [A3].
    if (word_.compare_exchange_strong(seen, FiberState::kParked, std::memory_order_release,
                                      std::memory_order_acquire)) {
      return NextStep::kNothing;
    }
    // The waker came first and left the enqueue to us (I3). The failed exchange was an
    // acquire [A2] of [R2], so its writes come along (I4).
    FIBERSAN_CHECK(seen == FiberState::kWoken, seen);
    word_.store(FiberState::kRunnable, std::memory_order_relaxed);
    return NextStep::kEnqueue;
  }

  // From any thread, once for each park.
  [[nodiscard]] NextStep wake() {
    FiberState seen = word_.load(std::memory_order_relaxed);
    for (;;) {
      if (seen == FiberState::kStopped) return NextStep::kNothing;
      const bool parked = seen == FiberState::kParked;
      FIBERSAN_CHECK(parked || seen == FiberState::kParking, seen);  // I1
      // release [R2]: what the waker did before (I4). Pairs with [A1] and [A2].
      // acquire [A3]: the worker's last writes to the fiber, which the waker is about to put
      // into a queue. Pairs with [R1].
      if (word_.compare_exchange_weak(seen, parked ? FiberState::kRunnable : FiberState::kWoken,
                                      std::memory_order_acq_rel, std::memory_order_relaxed)) {
        return parked ? NextStep::kEnqueue : NextStep::kNothing;
      }
    }
  }

  // By the fiber, around a blocking call.
  void begin_call() {
    expect(FiberState::kRunning);
    word_.store(FiberState::kInCall, std::memory_order_relaxed);
  }
  // False: the run has ended meanwhile.
  [[nodiscard]] bool end_call() {
    FiberState seen = FiberState::kInCall;
    // Relaxed: an order is made by the worker's word, see blocking.cpp. An exchange, for
    // stop() may come at the same time.
    return word_.compare_exchange_strong(seen, FiberState::kRunning, std::memory_order_relaxed);
  }

  // By the worker, after the switch, before it enqueues the fiber again.
  void yielded() {
    expect(FiberState::kRunning);
    word_.store(FiberState::kRunnable, std::memory_order_relaxed);
  }

  // By the worker, after the last switch out.
  void ended() {
    expect(FiberState::kRunning);
    word_.store(FiberState::kIdle, std::memory_order_relaxed);
  }

  // When all workers have stopped. False when there is no fiber to stop. An exchange, for
  // a thread outside of the runtime may be in wake(): either it came first, and a later
  // dispatch() drops the fiber, or it sees kStopped.
  bool stop() {
    if (word_.load(std::memory_order_relaxed) == FiberState::kIdle) return false;
    // acq_rel: as [R2] and [A3], in the place of the waker.
    return word_.exchange(FiberState::kStopped, std::memory_order_acq_rel) != FiberState::kStopped;
  }

  // For dumps; stale at once unless the fiber cannot move.
  FiberState peek() const { return word_.load(std::memory_order_relaxed); }

 private:
  void expect(FiberState state) const { FIBERSAN_CHECK(peek() == state, peek()); }

  std::atomic<FiberState> word_{FiberState::kIdle};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_FIBER_STATE_H
