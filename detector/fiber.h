// fiber.h: what the detector knows of a fiber, while it lives and afterwards.
//
// State:    FiberInfo outlives its fiber for a while, for the reports that name it;
//           fsan_fiber is what a running fiber needs at every event.
// Threads:  FiberInfo: constant until the fiber ends; others read copies (find_fiber).
//           fsan_fiber: the thread that runs the fiber; others while they visit it.
// Not here: clocks (clock/fiber_clock.h), what the events do (race/).
//
// Invariants
//   I1  Ids are the runtime's, for a process. Id 0 is the main thread, other threads have the
//       highest ones.
//   I2  fsan_fiber::info is valid as long as the fiber has not ended.
#ifndef FIBERSAN_DETECTOR_FIBER_H
#define FIBERSAN_DETECTOR_FIBER_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "detector/abi/hooks.h"
#include "detector/clock/fiber_clock.h"
#include "detector/clock/hard_past.h"
#include "detector/clock/on_demand.h"
#include "detector/clock/sync.h"
#include "detector/deadlock/known_nestings.h"
#include "detector/history/held_lock.h"
#include "detector/history/stack.h"
#include "detector/history/stack_table.h"

namespace fibersan {

inline constexpr uint64_t kMainThreadId = 0;
inline constexpr uint64_t kNoFiberId = ~uint64_t{0};
// OS threads beside the main one: kThreadIds + 1 is "thread 1".
inline constexpr uint64_t kMostThreadIds = uint64_t{1} << 24;
inline constexpr uint64_t kThreadIds = (uint64_t{1} << 32) - kMostThreadIds;

inline bool is_thread_id(uint64_t id) {
  return id >= kThreadIds && id < kThreadIds + kMostThreadIds;
}
inline bool is_fiber_id(uint64_t id) { return id != kMainThreadId && id < kThreadIds; }

struct FiberInfo {
  uint64_t id = kMainThreadId;
  uint64_t creator_id = kNoFiberId;
  StackId created = 0;
  bool finished = false;
  uint32_t released_epoch = 0;            // of the last release, once it has ended
  StackId released = 0;                   // where that was
  const void* released_object = nullptr;  // null: there was none
};

struct KnownFiber : FiberInfo {
  static constexpr size_t kNameSize = 48;
  char name[kNameSize] = {};  // empty: none; cut when longer
};

// The last release or acquire, see race/sync_note.h.
struct SyncNote {
  std::atomic<const void*> sync{nullptr};  // null: there was none
  std::atomic<uint64_t> context{0};
  std::atomic<uintptr_t> pc{0};
  std::atomic<uint32_t> epoch{0};  // of the fiber, afterwards
  std::atomic<StackId> stack{0};
};

inline bool is_lock_wait(fsan_wait_reason reason) {
  return reason == FSAN_WAIT_MUTEX_LOCK || reason == FSAN_WAIT_RWMUTEX_LOCK ||
         reason == FSAN_WAIT_RWMUTEX_READ_LOCK;
}

// For the end of a fiber, or of what it does in a Once: Waiting::blocked_by.
inline bool is_end_wait(fsan_wait_reason reason) {
  return reason == FSAN_WAIT_JOIN || reason == FSAN_WAIT_ONCE;
}

// Valid from fiber_waiting until the fiber is switched in again. Written by the fiber; others
// read it where it cannot go on, or as deadlock/wait_cycle.h does.
struct Waiting {
  // Odd while the wait is on, so that two looks can tell whether it has been all the time.
  std::atomic<uint32_t> turn{0};
  [[nodiscard]] bool active() const { return turn.load(std::memory_order_relaxed) % 2 != 0; }
  // Two fibers that begin to wait for each other at once: seq_cst, so that one of them sees both.
  // release: what is said here, and which locks the fiber holds. Pairs with wait_cycle.cpp.
  void begins() { turn.fetch_add(1, std::memory_order_seq_cst); }
  // relaxed: who sees an even turn, or another one, takes nothing from here.
  void ends() {
    if (active()) turn.store(turn.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  bool timed = false;
  uint64_t blocked_by = 0;  // a fiber, see the hook
  // A finding says that this wait never ends. relaxed: one who does not see it says it again.
  mutable std::atomic<bool> reported{false};
  fsan_wait_reason reason = FSAN_WAIT_SLEEP;
  size_t count = 0;                      // of objects
  const void* only = nullptr;            // if count is 1, otherwise:
  const void* const* several = nullptr;  // the runtime's, as long as the fiber waits
  [[nodiscard]] const void* const* objects() const { return count == 1 ? &only : several; }
  const void* frame = nullptr;  // of the hook's caller, on the fiber's stack
  uintptr_t pc = 0;
};

}  // namespace fibersan

// Of a fiber, or of a thread outside of fibers.
struct fsan_fiber {
  fibersan::FiberInfo* info = nullptr;
  bool checked = true;  // false: hands on what it acquires, see race/attached_threads.h
  fibersan::FiberClock clock;
  fibersan::Stamp known = 0;         // a lane and an epoch that the clock was found to cover lately
  fibersan::SpawnSnapshot snapshot;  // until the first switch in
  fibersan::StackBounds stack;
  uintptr_t lowest_touched = 0;   // of the stack, seen by hooks of the fiber
  uintptr_t creator_touched = 0;  // of the stack, by its creator
  const void* join = nullptr;     // whom its joiner names as what it waits for
  uint64_t context = 0;           // __fsan_running.context while switched out

  fibersan::HeldList held_locks;
  // From when locks nest: deadlock/lock_order.h.
  fibersan::OnDemand<fibersan::HardPast> hard_past;
  fibersan::OnDemand<fibersan::KnownNestings> known_nestings;

  fibersan::Waiting waiting;
  fibersan::SyncNote last_release;
  fibersan::SyncNote last_acquire;

  // C++ fences: what an acquire fence would acquire, what the last release fence
  // published for later relaxed stores.
  fibersan::OnDemand<fibersan::Sync> fence_acquire;
  fibersan::OnDemand<fibersan::Sync> fence_release;
};

namespace fibersan {

// What is known of a fiber or thread. Nothing for an id that never was, and for
// a fiber that ended long ago and that no stamp, lane or known fiber refers to
// (race/known_fibers.h).
std::optional<KnownFiber> find_fiber(uint64_t id);

// Calls visit(const fsan_fiber&, data) for each live fiber of the runtime, in no order, under
// a lock: visit must not allocate or call hooks.
void for_each_fiber(void (*visit)(const fsan_fiber&, void*), void* data);
// The same for one of them. False: it does not live.
bool visit_live_fiber(uint64_t id, void (*visit)(const fsan_fiber&, void*), void* data);

// The fiber that the calling thread runs, or the thread's own record; null where nothing is
// checked.
fsan_fiber* running_fiber();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FIBER_H
