// Happens-before edges and the set of locks held.
//
// Invariants
//   H1  A lock's own Sync is what its writers release. What readers of an RwMutex release
//       is at the next address, so that readers stay unordered among themselves; both are
//       in one cache line, as locks are aligned, and so under one lock of the table.
//   H2  Every earlier unlock happens before a lock, as in Go. Who unlocks without holding the
//       lock (a finding) has not learnt of the earlier ones: it adds to what the lock knows.
#include <atomic>

#include "detector/abi/hooks.h"
#include "detector/history/context.h"
#include "detector/race/access.h"
#include "detector/race/held_locks.h"
#include "detector/race/sync_note.h"
#include "detector/race/sync_table.h"

namespace fibersan {
namespace {

const char* readers_of(const void* lock) { return static_cast<const char*>(lock) + 1; }

void acquire_from(fsan_fiber& fiber, const void* address, const Caller& caller) {
  {
    LockedSync sync(sync_table, address);
    if (Sync* known = sync.find()) {
      fiber.clock.acquire(*known);
      learn_releaser(fiber, *known);
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
  }
  refresh_stamp();
  note_sync(fiber.last_release, fiber, lock, caller);
}

void release_to(fsan_fiber& fiber, const void* address, const Caller& caller) {
  {
    LockedSync sync(sync_table, address);
    fiber.clock.release(sync.make());
  }
  refresh_stamp();
  note_sync(fiber.last_release, fiber, address, caller);
}

void merge_to(fsan_fiber& fiber, const void* address, const Caller& caller) {
  {
    LockedSync sync(sync_table, address);
    fiber.clock.merge(sync.make());
  }
  refresh_stamp();
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

void release_by_other(const void* lock) {
  decltype(released_by_others)::Locked entry(released_by_others, lock);
  bool& released = entry.make();
  if (!released) count_released_by_others.fetch_add(1, std::memory_order_relaxed);
  released = true;
}

bool is_read(fsan_lock_mode mode) { return (mode & FSAN_LOCK_READ) != 0; }

// The history learns of it with the next access.
void locks_changed() { this_thread.segment_is_stale = true; }

void add_held(fsan_fiber& fiber, const void* lock, bool write, const Caller& caller) {
  const size_t index = fiber.held_count++;
  if (index >= fsan_fiber::kMaxHeld) return;
  fiber.held_locks.make()[index] = {
      lock, note_stack(caller.context, caller.pc, caller.frame, fiber.stack), write};
  locks_changed();
}

// The newest one that fits; false when the fiber does not hold it.
bool remove_held(fsan_fiber& fiber, const void* lock, bool write) {
  const size_t named = fiber.named_locks().size();
  for (size_t i = named; i-- > 0;) {
    if (fiber.held()[i].lock != lock || fiber.held()[i].write != write) continue;
    for (size_t j = i + 1; j < named; ++j) fiber.held()[j - 1] = fiber.held()[j];
    --fiber.held_count;
    locks_changed();
    return true;
  }
  if (fiber.held_count <= fsan_fiber::kMaxHeld) return false;
  --fiber.held_count;
  return true;
}

}  // namespace

void drop_released_by_others(fsan_fiber& fiber) {
  if (count_released_by_others.load(std::memory_order_relaxed) == 0) return;
  for (size_t i = fiber.named_locks().size(); i-- > 0;) {
    if (was_released_by_others(fiber.held()[i].lock))
      remove_held(fiber, fiber.held()[i].lock, fiber.held()[i].write);
  }
}

bool holds_for_reading(const fsan_fiber& fiber, const void* lock) {
  for (size_t i = 0; i < fiber.named_locks().size(); ++i) {
    if (fiber.held()[i].lock == lock && !fiber.held()[i].write) return true;
  }
  return false;
}

void note_lock_acquired(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller) {
  note_stack_use(fiber, reinterpret_cast<uintptr_t>(caller.frame));
  if (acts_alone()) return add_held(fiber, lock, !is_read(mode), caller);
  if (is_read(mode)) {
    acquire_from(fiber, lock, caller);
  } else {
    acquire_for_writing(fiber, lock, caller);
  }
  drop_released_by_others(fiber);
  add_held(fiber, lock, !is_read(mode), caller);
}

bool note_lock_released(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller) {
  const bool held = remove_held(fiber, lock, !is_read(mode));
  if (acts_alone()) return held;
  if (is_read(mode)) {
    merge_to(fiber, readers_of(lock), caller);
  } else if (held) {
    release_of_writer(fiber, lock, caller);
  } else {
    merge_to(fiber, lock, caller);  // H2
  }
  return held;
}

}  // namespace fibersan

extern "C" {

void __fsan_acquire(const void* sync) {
  if (fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0)))
    fibersan::acquire_from(*fiber, sync, FIBERSAN_CALLER(__fsan_running.context));
}

void __fsan_release(const void* sync) {
  if (fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0)))
    fibersan::release_to(*fiber, sync, FIBERSAN_CALLER(__fsan_running.context));
}

void __fsan_merge(const void* sync) {
  if (fsan_fiber* fiber = fibersan::fiber_at(__builtin_frame_address(0)))
    fibersan::merge_to(*fiber, sync, FIBERSAN_CALLER(__fsan_running.context));
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
  if (!fibersan::note_lock_released(*fiber, lock, mode, caller)) fibersan::release_by_other(lock);
}

}  // extern "C"
