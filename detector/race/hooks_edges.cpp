// Happens-before edges and the set of locks held.
//
// Invariants
//   H1  A lock's own Sync is what its writers release. What readers of an RwMutex release
//       is at the next address, so that readers stay unordered among themselves; both are
//       in one cache line, as locks are aligned, and so under one lock of the table.
//   H2  Every earlier unlock happens before a lock, as in Go. Who unlocks without holding the
//       lock (a finding) has not learnt of the earlier ones: it adds to what the lock knows.
//   H3  A release ends with the new stamp in its place, under the lock: a handler that comes in
//       with its end must not leave the stamp that everybody knows.
#include <time.h>

#include <algorithm>
#include <atomic>

#include "detector/abi/hooks.h"
#include "detector/deadlock/lock_order.h"
#include "detector/history/context.h"
#include "detector/process/options.h"
#include "detector/race/access.h"
#include "detector/race/held_locks.h"
#include "detector/race/place.h"
#include "detector/race/race_found.h"
#include "detector/race/sync_note.h"
#include "detector/race/sync_table.h"

namespace fibersan {
namespace {

const char* readers_of(const void* lock) { return static_cast<const char*>(lock) + 1; }

// Of a lock, or of anything else: clock/hard_past.h.
enum class Edge { kLock, kHard };

void acquire_from(fsan_fiber& fiber, const void* address, const Caller& caller, Edge edge) {
  {
    LockedSync sync(sync_table, address);
    if (Sync* known = sync.find()) {
      fiber.clock.acquire(*known);
      learn_releaser(fiber, *known);
      if (edge == Edge::kHard && locks_nest()) fiber.hard_past.make().acquire(*known);
    }
  }
  note_sync(fiber.last_acquire, fiber, address, caller);
}

// H1: writers learn from both.
void acquire_for_writing(fsan_fiber& fiber, const void* lock, const Caller& caller) {
  {
    LockedSync sync(sync_table, lock);
    if (Sync* known = sync.find()) {
      fiber.clock.acquire(*known);
      learn_releaser(fiber, *known);
    }
    if (Sync* readers = sync.find_beside(readers_of(lock))) fiber.clock.acquire(*readers);
  }
  note_sync(fiber.last_acquire, fiber, lock, caller);
}

// The writer knows all that readers released before; the next one learns it from here.
void release_of_writer(fsan_fiber& fiber, const void* lock, const Caller& caller) {
  {
    LockedSync sync(sync_table, lock);
    if (Sync* readers = sync.find_beside(readers_of(lock))) readers->clear();
    fiber.clock.release(sync.make());
    refresh_stamp();
  }
  note_sync(fiber.last_release, fiber, lock, caller);
}

void release_to(fsan_fiber& fiber, const void* address, const Caller& caller) {
  {
    LockedSync sync(sync_table, address);
    fiber.clock.release(sync.make());
    if (locks_nest()) fiber.hard_past.make().release(sync.make());
    refresh_stamp();
  }
  note_sync(fiber.last_release, fiber, address, caller);
}

// The program's frames have gone: no stack is used from here on, and the place needs no look-up.
void release_at_end(fsan_fiber& fiber, const void* address, bool among_others) {
  {
    LockedSync sync(sync_table, address);
    Sync& known = sync.make();
    among_others ? fiber.clock.merge(known) : fiber.clock.release(known);
    if (locks_nest()) {
      HardPast& past = fiber.hard_past.make();
      among_others ? past.merge(known) : past.release(known);
    }
    refresh_stamp();
  }
  note_sync_at(fiber.last_release, fiber, address, kAtItsEnd);
}

void merge_to(fsan_fiber& fiber, const void* address, const Caller& caller, Edge edge) {
  {
    LockedSync sync(sync_table, address);
    fiber.clock.merge(sync.make());
    if (edge == Edge::kHard && locks_nest()) fiber.hard_past.make().merge(sync.make());
    refresh_stamp();
  }
  note_sync(fiber.last_release, fiber, address, caller);
}

// The running fiber, whose stack reaches down to this frame at least. Null: not checked.
fsan_fiber* fiber_at(const void* frame) {
  fsan_fiber* const fiber = acting_fiber();
  if (fiber != nullptr) note_stack_use(*fiber, reinterpret_cast<uintptr_t>(frame));
  return fiber;
}

// Locks that were released by a fiber that did not hold them, by the lock's address. The
// fiber that took the lock finds out when it looks at its set again.
AddressTable<bool> released_by_others;  // rank 7
// How many are true. relaxed: whoever takes the lock afterwards is ordered after the release.
std::atomic<uint32_t> count_released_by_others{0};

bool was_released_by_others(const void* lock) {
  decltype(released_by_others)::Locked entry(released_by_others, lock);
  bool* released = entry.find();
  if (released == nullptr || !*released) return false;
  *released = false;
  count_released_by_others.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

// Locks that ended fibers held, by address; false again when somebody takes one.
AddressTable<bool> locks_left;  // rank 7
// relaxed: whoever takes or releases the lock afterwards is ordered after the end.
std::atomic<uint32_t> count_left{0};

void no_longer_left(const void* lock) {
  if (__builtin_expect(count_left.load(std::memory_order_relaxed) == 0, 1)) return;
  decltype(locks_left)::Locked entry(locks_left, lock);
  bool* left = entry.find();
  if (left == nullptr || !*left) return;
  *left = false;
  count_left.fetch_sub(1, std::memory_order_relaxed);
}

std::atomic<bool> releases_for_others{false};

void release_by_other(const void* lock) {
  releases_for_others.store(true, std::memory_order_relaxed);
  no_longer_left(lock);
  decltype(released_by_others)::Locked entry(released_by_others, lock);
  bool& released = entry.make();
  if (!released) count_released_by_others.fetch_add(1, std::memory_order_relaxed);
  released = true;
}

bool is_read(fsan_lock_mode mode) { return (mode & FSAN_LOCK_READ) != 0; }

// The history learns of it with the next access.
void locks_changed() { this_thread.segment_is_stale = true; }

int64_t now_ns() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}
int64_t now_if_asked() { return options.lock_held_ms == 0 ? 0 : now_ns(); }

void add_held(fsan_fiber& fiber, const void* lock, bool write, StackId at, bool of_thread) {
  fiber.held_locks.add({lock, at, write, of_thread, now_if_asked()});
  locks_changed();
}

// The newest one that fits; false when the fiber does not hold it.
bool remove_held(fsan_fiber& fiber, const void* lock, bool write) {
  const std::span<const HeldLock> held = fiber.held_locks.all();
  for (size_t i = held.size(); i-- > 0;) {
    if (held[i].lock != lock || held[i].write != write) continue;
    fiber.held_locks.remove(i);
    locks_changed();
    return true;
  }
  return false;
}

// The newest one that is this lock, by who is about to release it.
void report_if_held_long(const fsan_fiber& fiber, const void* lock) {
  const auto locks = fiber.held_locks.all();
  for (size_t i = locks.size(); i-- > 0;) {
    if (locks[i].lock != lock || locks[i].since == 0) continue;
    const int64_t ms = (now_ns() - locks[i].since) / 1'000'000;
    if (ms >= options.lock_held_ms)
      report_slow(FSAN_FINDING_LOCK_HELD_LONG, lock, fiber, locks[i].acquired,
                  static_cast<uint64_t>(ms));
    return;
  }
}

}  // namespace

void drop_released_by_others(fsan_fiber& fiber) {
  if (count_released_by_others.load(std::memory_order_relaxed) == 0) return;
  for (size_t i = fiber.held_locks.size(); i-- > 0;) {
    if (!was_released_by_others(fiber.held_locks.all()[i].lock)) continue;
    fiber.held_locks.remove(i);
    locks_changed();
  }
}

bool released_by_another(const void* lock) {
  if (count_released_by_others.load(std::memory_order_relaxed) == 0) return false;
  decltype(released_by_others)::Locked entry(released_by_others, lock);
  const bool* released = entry.find();
  return released != nullptr && *released;
}

void note_left_locked(const fsan_fiber& fiber) {
  for (const HeldLock& held : fiber.held_locks.all()) {
    decltype(locks_left)::Locked entry(locks_left, held.lock);
    bool& left = entry.make();
    if (!left) count_left.fetch_add(1, std::memory_order_relaxed);
    left = true;
  }
}

bool left_locked(const void* lock) {
  if (count_left.load(std::memory_order_relaxed) == 0) return false;
  decltype(locks_left)::Locked entry(locks_left, lock);
  const bool* left = entry.find();
  return left != nullptr && *left;
}

// relaxed: an order that matters is the locks' own.
bool somebody_released_for_another() { return releases_for_others.load(std::memory_order_relaxed); }

bool holds(const fsan_fiber& fiber, const void* lock) {
  const auto locks = fiber.held_locks.all();
  return std::any_of(locks.begin(), locks.end(),
                     [lock](const HeldLock& held) { return held.lock == lock; });
}

bool holds_for_reading(const fsan_fiber& fiber, const void* lock) {
  for (const HeldLock& held : fiber.held_locks.all()) {
    if (held.lock == lock && !held.write) return true;
  }
  return false;
}

void note_lock_acquired(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller, bool of_thread) {
  note_stack_use(fiber, reinterpret_cast<uintptr_t>(caller.frame));
  no_longer_left(lock);
  const StackId at = place_of(fiber, caller);
  if (acts_alone()) return add_held(fiber, lock, !is_read(mode), at, of_thread);
  if (is_read(mode)) {
    acquire_from(fiber, lock, caller, Edge::kLock);
  } else {
    acquire_for_writing(fiber, lock, caller);
  }
  drop_released_by_others(fiber);
  if (!fiber.held_locks.empty() && (mode & FSAN_LOCK_TRY_WRITE) == 0)
    note_nested_lock(fiber, lock, !is_read(mode), at);
  add_held(fiber, lock, !is_read(mode), at, of_thread);
}

void release_lock(fsan_fiber& fiber, const void* lock, const Caller& caller) {
  release_of_writer(fiber, lock, caller);
}

void acquire_lock_again(fsan_fiber& fiber, const void* lock, const Caller& caller) {
  acquire_for_writing(fiber, lock, caller);
  if (fiber.held_locks.size() < 2 || !remove_held(fiber, lock, true)) return;
  // What was taken before the wait is held by now before this one.
  const StackId at = place_of(fiber, caller);
  note_nested_lock(fiber, lock, true, at);
  add_held(fiber, lock, true, at, /*of_thread=*/true);
}

bool note_lock_released(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller) {
  if (options.lock_held_ms != 0) report_if_held_long(fiber, lock);
  const bool held = remove_held(fiber, lock, !is_read(mode));
  if (acts_alone()) return held;
  if (is_read(mode)) {
    merge_to(fiber, readers_of(lock), caller, Edge::kLock);
  } else if (held) {
    release_of_writer(fiber, lock, caller);
  } else {
    merge_to(fiber, lock, caller, Edge::kLock);  // H2
  }
  return held;
}

}  // namespace fibersan

extern "C" {

void __fsan_acquire(const void* sync) {
  if (fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0)))
    fibersan::acquire_from(*fiber, sync, FIBERSAN_CALLER(__fsan_running.context),
                           fibersan::Edge::kHard);
}

void __fsan_release(const void* sync) {
  if (fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0)))
    fibersan::release_to(*fiber, sync, FIBERSAN_CALLER(__fsan_running.context));
}

void __fsan_fiber_done(const void* sync, int among_others) {
  if (fsan_fiber* fiber = fibersan::acting_fiber())
    fibersan::release_at_end(*fiber, sync, among_others != 0);
}

void __fsan_merge(const void* sync) {
  if (fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0)))
    fibersan::merge_to(*fiber, sync, FIBERSAN_CALLER(__fsan_running.context),
                       fibersan::Edge::kHard);
}

void __fsan_lock_acquired(const void* lock, enum fsan_lock_mode mode) {
  fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0));
  if (fiber == nullptr) return;
  if (fibersan::is_read(mode)) {
    fibersan::drop_released_by_others(*fiber);
    if (fibersan::holds_for_reading(*fiber, lock))
      __fsan_misuse(FSAN_FINDING_RECURSIVE_READ_LOCK, lock);
  }
  fibersan::note_lock_acquired(*fiber, lock, mode, FIBERSAN_CALLER(__fsan_running.context));
}

void __fsan_lock_released(const void* lock, enum fsan_lock_mode mode) {
  fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0));
  if (fiber == nullptr) return;
  const fibersan::Caller caller = FIBERSAN_CALLER(__fsan_running.context);
  if (fibersan::note_lock_released(*fiber, lock, mode, caller)) return;
  // The runtime says so when it knows the lock as another one's: this one came by its bytes.
  if (!fibersan::is_read(mode) && !fibersan::unlock_is_told_of() && !fibersan::left_locked(lock) &&
      !fibersan::somebody_released_for_another())
    __fsan_misuse(FSAN_FINDING_COPIED_OBJECT, lock);
  fibersan::release_by_other(lock);
}

}  // extern "C"
