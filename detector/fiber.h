// fiber.h: what the detector knows of a fiber, while it lives and afterwards.
//
// State:    FiberInfo outlives its fiber for a while, for the reports that name it;
//           fsan_fiber is what a running fiber needs at every event.
// Threads:  FiberInfo: constant until the fiber ends; others read copies (find_fiber).
//           fsan_fiber: the thread that runs the fiber; others while they visit it.
// Not here: clocks (clock/fiber_clock.h), what the events do (race/).
//
// Invariants
//   I1  Ids are the runtime's: 1 is the main fiber of a run. Id 0 is the main thread, other
//       threads have the highest ones.
//   I2  fsan_fiber::info is valid as long as the fiber has not ended.
#ifndef FIBERSAN_DETECTOR_FIBER_H
#define FIBERSAN_DETECTOR_FIBER_H

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "detector/abi/hooks.h"
#include "detector/clock/fiber_clock.h"
#include "detector/clock/on_demand.h"
#include "detector/clock/sync.h"
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

// Valid from fiber_waiting until the fiber is switched in again.
struct Waiting {
  static constexpr size_t kMaxObjects = 16;

  bool active = false;
  bool timed = false;
  fsan_wait_reason reason = FSAN_WAIT_SLEEP;
  size_t count = 0;            // of objects, of which the first kMaxObjects are kept
  const void* only = nullptr;  // if count is 1, otherwise:
  OnDemand<std::array<const void*, kMaxObjects>> several;
  [[nodiscard]] const void* const* objects() const {
    return count <= 1 ? &only : several.get()->data();
  }
  const void* frame = nullptr;  // of the hook's caller, on the fiber's stack
  uintptr_t pc = 0;
};

}  // namespace fibersan

// Of a fiber, or of a thread outside of fibers.
struct fsan_fiber {
  static constexpr size_t kMaxHeld = fibersan::HeldLocks::kMax;

  fibersan::FiberInfo* info = nullptr;
  bool checked = true;  // false: hands on what it acquires, see race/attached_threads.h
  fibersan::FiberClock clock;
  fibersan::Stamp known = 0;         // a lane and an epoch that the clock was found to cover lately
  fibersan::SpawnSnapshot snapshot;  // until the first switch in
  fibersan::StackBounds stack;
  uintptr_t lowest_touched = 0;  // of the stack, seen by hooks
  uint64_t context = 0;          // __fsan_running.context while switched out

  // Locks held, in order of acquisition. More than kMaxHeld are counted, not named.
  size_t held_count = 0;
  fibersan::OnDemand<std::array<fibersan::HeldLock, kMaxHeld>> held_locks;
  [[nodiscard]] fibersan::HeldLock* held() const {
    return held_locks.get() == nullptr ? nullptr : held_locks.get()->data();
  }
  [[nodiscard]] std::span<const fibersan::HeldLock> named_locks() const {
    return {held(), std::min(held_count, kMaxHeld)};
  }

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
