// picture.h: the standing world as the value that the detector searches (fsan_world).
//
// Input:    a Stop during which everybody stands still; before it, room for what there will be.
// Output:   each live fiber with its stack's parts, each thread, and roots.
// Cost:     0.1 to 0.2 us for each fiber; 112 bytes of memory for each, kept for the next time.
// Threads:  one caller at a time. draw() allocates nothing.
// Not here: what is reachable, see detector/deadlock.
//
// Invariants
//   I1  A fiber is LIVE unless it surely waits for another fiber: in doubt it may still run.
//   I2  What a fiber is made of while it is being created (its callable, perhaps half of it) is a
//       root.
#ifndef FIBERSAN_RUNTIME_WORLD_PICTURE_H
#define FIBERSAN_RUNTIME_WORLD_PICTURE_H

#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "runtime/fiber_state.h"
#include "runtime/stack_pool.h"
#include "runtime/world/kernel_words.h"
#include "runtime/world/pages.h"
#include "runtime/world/stop.h"

namespace fiber::internal {

class Fiber;

// Where the caller of the search stands.
struct OwnPlace {
  fsan_range registers;
  const void* stack_pointer;
};

class Picture {
 public:
  // Does any fiber wait for another one, and has since `since`? At any time; what it says was true
  // for each fiber at one moment of the call.
  static bool anybody_waits(Clock::time_point since);

  // Before the stop: false, no memory.
  [[nodiscard]] bool prepare();
  // How many fibers there may be.
  size_t most_fibers() const { return fibers_.capacity(); }
  // In the stop, before draw(), and before the process is copied: what only it can ask for.
  void ask_kernel() { full_ = !kernel_words_.read(); }
  // False: there is more than there was room for; again.
  // Who waits since later is not asked for.
  [[nodiscard]] bool draw(Stop& stop, const OwnPlace& own, Clock::time_point since,
                          bool run_is_over);
  const fsan_world& world() const { return world_; }

 private:
  struct OnStack {
    const Fiber* fiber;
    const void* stack_pointer;
  };

  void add_threads(Stop& stop, const OwnPlace& own);
  void add_thread(const StoppedThread& thread);
  void add_stack(Stack* stack);
  void add_fiber(const Fiber& fiber, FiberState state);
  void add_root(const void* low, const void* high);
  void add_kernel_words();
  const void* stack_pointer_of(const Fiber& fiber, FiberState state);

  Pages<fsan_world_fiber> fibers_;
  Pages<fsan_world_thread> threads_;
  Pages<fsan_range> roots_;
  Pages<OnStack> on_stacks_;
  KernelWords kernel_words_;
  fsan_world world_{};
  int64_t since_ = 0;
  bool full_ = false;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_PICTURE_H
