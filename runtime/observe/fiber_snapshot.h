// fiber_snapshot.h: what one fiber is doing, read while the program runs.
//
// Input:    a stack of the pool, which may hold a fiber, or anything that a dead one left.
// Output:   who it is, why it waits, since when, where, and who created it.
// Cost:     0.2 to 1 us, and nothing for the fibers: nobody is stopped, no lock of the
//           scheduler is taken.
// Threads:  any.
// Not here: stacks of running fibers, see running_stacks.h.
//
// A snapshot is read like a sequence lock: the fiber's state, then everything, then the state
// again; when it has moved meanwhile, again. What makes that safe is that stacks are never
// unmapped (stack_pool.h I2), that the walk stays inside of the stack whatever it reads
// (stack_walk.h I1), and that a name is read and freed under one lock.
//
// Invariants
//   I1  What is returned was true at one moment of the call for this fiber. Two fibers'
//       snapshots are of two moments.
//   I2  A fiber that moves on each time it is looked at is returned without a stack.
#ifndef FIBERSAN_RUNTIME_OBSERVE_FIBER_SNAPSHOT_H
#define FIBERSAN_RUNTIME_OBSERVE_FIBER_SNAPSHOT_H

#include <cstddef>
#include <cstdint>

#include "runtime/fiber.h"

namespace fiber::internal {

struct FiberSnapshot {
  static constexpr size_t kMostFrames = 48;
  static constexpr size_t kNameBytes = 64;

  const Fiber* fiber = nullptr;
  uint64_t id = 0;
  uint64_t creator_id = 0;
  FiberState state = FiberState::kIdle;
  unsigned reason = 0;  // of a fiber that waits
  bool moving = false;  // I2
  int64_t since = 0;    // coarse clock: when it began to wait
  void (*entry)(void* callable, JoinState* join) = nullptr;
  size_t frame_count = 0;
  size_t creator_frame_count = 0;
  void* frames[kMostFrames];
  void* creator_frames[Fiber::kCreatorFrames];
  char name[kNameBytes];

  bool waiting() const { return state == FiberState::kParked || state == FiberState::kInCall; }
};

// False: no live fiber of this run there.
bool snapshot_fiber(Stack* stack, FiberSnapshot& snapshot);

// Whoever changes or frees a fiber's name says it here; the old name is freed.
void replace_fiber_name(Fiber* fiber, char* name);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_FIBER_SNAPSHOT_H
