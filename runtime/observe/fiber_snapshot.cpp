#include "runtime/observe/fiber_snapshot.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "runtime/lock.h"
#include "runtime/stack_walk.h"

namespace fiber::internal {
namespace {

constexpr int kAttempts = 8;

constinit SpinLock names_lock(LockRank::kFiberNames);

// The parts that tell whether a fiber has moved.
struct Position {
  FiberState state;
  uint64_t id;
  const void* frame;
  Context context;

  bool operator==(const Position&) const = default;
};

#define FIBER_READS_WHAT_CHANGES __attribute__((no_sanitize("address", "thread")))

FIBER_READS_WHAT_CHANGES Position position_of(const Fiber& fiber) {
  Position position = {};
#if __has_feature(thread_sanitizer)
  // Not as an atomic: that is checked in spite of the attribute, against a record that is just
  // being constructed.
  static_assert(sizeof(fiber.state) == sizeof(FiberState));
  position.state = *reinterpret_cast<const volatile FiberState*>(&fiber.state);
#else
  position.state = fiber.state.peek();
#endif
  // acquire and release fences: the reads of a snapshot stay between the two positions.
  std::atomic_thread_fence(std::memory_order_acq_rel);
  position.id = fiber.id;
  position.frame = fiber.parked_frame;
  position.context = fiber.context;
  std::atomic_thread_fence(std::memory_order_acq_rel);
  return position;
}

FIBER_READS_WHAT_CHANGES void copy_name(const Fiber& fiber, char* to) {
  SpinGuard guard(names_lock);
  const char* name = fiber.name;
  size_t length = 0;
  if (name != nullptr) {
    while (length < FiberSnapshot::kNameBytes - 1 && name[length] != '\0') {
      to[length] = name[length];
      ++length;
    }
  }
  to[length] = '\0';
}

bool has_saved_stack(FiberState state) {
  return state == FiberState::kParked || state == FiberState::kRunnable ||
         state == FiberState::kInCall;
}

FIBER_READS_WHAT_CHANGES void read(const Fiber& fiber, const Stack& stack, const Position& at,
                                   FiberSnapshot& snapshot) {
  snapshot.fiber = &fiber;
  snapshot.id = at.id;
  snapshot.state = at.state;
  snapshot.creator_id = fiber.creator_id;
  snapshot.reason = fiber.reason;
  snapshot.since = fiber.parked_at;
  snapshot.entry = fiber.run;
  copy_name(fiber, snapshot.name);
  snapshot.creator_frame_count = 0;
  while (snapshot.creator_frame_count < Fiber::kCreatorFrames) {
    void* address = fiber.created_at[snapshot.creator_frame_count];
    if (address == nullptr) break;
    snapshot.creator_frames[snapshot.creator_frame_count++] = address;
  }
  size_t count = 0;
  // In a call the frame is that of the function that makes it (blocking.cpp).
  if (at.state == FiberState::kInCall) snapshot.frames[count++] = fiber.after_save_argument;
  if (has_saved_stack(at.state) && at.frame != nullptr) {
    count += walk_frames(at.frame, stack.low, stack.high(), snapshot.frames + count,
                         FiberSnapshot::kMostFrames - count);
  }
  snapshot.frame_count = count;
}

}  // namespace

bool snapshot_fiber(Stack* stack, FiberSnapshot& snapshot) {
  const Fiber& fiber = *Fiber::at(stack);
  snapshot.moving = false;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Position before = position_of(fiber);
    if (before.state == FiberState::kIdle || before.state == FiberState::kStopped) return false;
    read(fiber, *stack, before, snapshot);
    if (position_of(fiber) == before) return true;
  }
  snapshot.moving = true;
  snapshot.frame_count = 0;
  return true;
}

void replace_fiber_name(Fiber* fiber, char* name) {
  char* old = nullptr;
  {
    SpinGuard guard(names_lock);
    old = std::exchange(fiber->name, name);
  }
  std::free(old);
}

}  // namespace fiber::internal
