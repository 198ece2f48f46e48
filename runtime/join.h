// join.h: what a Handle and its fiber share: a result or an exception, and who waits for it.
//
// State:    one word: running, a waiting fiber, done, or detached.
// Threads:  the fiber, and the holder of the Handle.
//
// Invariants
//   I1  The one who comes second frees: the fiber when it finds kDetached, the Handle when
//       it finds kDone. No reference count, so none that could look like an order.
//   I2  What the fiber did happens before join() returns: release and acquire of the state's
//       address. A dropped Handle acquires only when it has a result to destroy.
//   I3  A block that is used again keeps its Sync: what the last fiber released there is
//       overwritten before anybody acquires.
#ifndef FIBERSAN_RUNTIME_JOIN_H
#define FIBERSAN_RUNTIME_JOIN_H

#include <cstdint>

#include "fiber/go.h"

namespace fiber::internal {

// Blocks of small states, freed on one processor, for the next ones there.
struct JoinStateCache {
  static constexpr uint32_t kLimit = 64;
  JoinState* first = nullptr;
  uint32_t count = 0;
};

// By the creator, before the fiber can run.
void joined_fiber_created(JoinState* state, uint64_t id);

// By the creator when there will be no fiber: the Handle frees the state.
void joined_fiber_failed(JoinState* state);

// By the fiber, as its last act on its own stack.
void complete_join(JoinState* state);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_JOIN_H
