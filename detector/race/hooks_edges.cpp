// Happens-before edges and the set of locks held.
//
// Invariants
//   H1  A lock's own Sync is what its writers release. What readers of an RwMutex release
//       is at the next address, so that readers stay unordered among themselves.
//   H2  Every earlier unlock happens before a lock, as in Go. Who unlocks without holding the
//       lock (a finding) has not learnt of the earlier ones: it adds to what the lock knows.
#include "detector/abi/hooks.h"
#include "detector/history/context.h"
#include "detector/race/access.h"
#include "detector/race/held_locks.h"
#include "detector/race/lock_set.h"
#include "detector/race/sync_note.h"
#include "detector/race/sync_table.h"

namespace fibersan {
namespace {

const char* readers_of(const void* lock) { return static_cast<const char*>(lock) + 1; }

void acquire_from(fsan_fiber& fiber, const void* address, const Caller& caller) {
  {
    LockedSync sync(sync_table, address);
    if (Sync* known = sync.find()) fiber.clock.acquire(*known);
  }
  note_sync(fiber.last_acquire, fiber, address, caller);
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

void clear_sync(const void* address) {
  LockedSync sync(sync_table, address);
  if (Sync* known = sync.find()) known->clear();
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

bool was_released_by_others(const void* lock) {
  decltype(released_by_others)::Locked entry(released_by_others, lock);
  bool* released = entry.find();
  if (released == nullptr || !*released) return false;
  *released = false;
  return true;
}

void release_by_other(const void* lock) {
  decltype(released_by_others)::Locked entry(released_by_others, lock);
  entry.make() = true;
}

bool is_read(fsan_lock_mode mode) { return (mode & FSAN_LOCK_READ) != 0; }

size_t named_locks(const fsan_fiber& fiber) {
  return fiber.held_count < fsan_fiber::kMaxHeld ? fiber.held_count : fsan_fiber::kMaxHeld;
}

// The history learns of it with the next access.
void locks_changed(fsan_fiber& fiber) {
  fiber.lock_set = add_lock_set({fiber.held(), named_locks(fiber)});
  this_thread.segment_is_stale = true;
}

void add_held(fsan_fiber& fiber, const void* lock, bool write, const Caller& caller) {
  const size_t index = fiber.held_count++;
  if (index >= fsan_fiber::kMaxHeld) return;
  fiber.held_locks.make()[index] = {
      lock, write, note_stack(caller.context, caller.pc, caller.frame, fiber.stack)};
  locks_changed(fiber);
}

// The newest one that fits; false when the fiber does not hold it.
bool remove_held(fsan_fiber& fiber, const void* lock, bool write) {
  const size_t named = named_locks(fiber);
  for (size_t i = named; i-- > 0;) {
    if (fiber.held()[i].lock != lock || fiber.held()[i].write != write) continue;
    for (size_t j = i + 1; j < named; ++j) fiber.held()[j - 1] = fiber.held()[j];
    --fiber.held_count;
    locks_changed(fiber);
    return true;
  }
  if (fiber.held_count <= fsan_fiber::kMaxHeld) return false;
  --fiber.held_count;
  return true;
}

}  // namespace

void drop_released_by_others(fsan_fiber& fiber) {
  for (size_t i = named_locks(fiber); i-- > 0;) {
    if (was_released_by_others(fiber.held()[i].lock))
      remove_held(fiber, fiber.held()[i].lock, fiber.held()[i].write);
  }
}

bool holds_for_reading(const fsan_fiber& fiber, const void* lock) {
  for (size_t i = 0; i < named_locks(fiber); ++i) {
    if (fiber.held()[i].lock == lock && !fiber.held()[i].write) return true;
  }
  return false;
}

void note_lock_acquired(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller) {
  note_stack_use(fiber, reinterpret_cast<uintptr_t>(caller.frame));
  acquire_from(fiber, lock, caller);
  if (!is_read(mode)) acquire_from(fiber, readers_of(lock), caller);
  drop_released_by_others(fiber);
  add_held(fiber, lock, !is_read(mode), caller);
}

bool note_lock_released(fsan_fiber& fiber, const void* lock, fsan_lock_mode mode,
                        const Caller& caller) {
  const bool held = remove_held(fiber, lock, !is_read(mode));
  if (is_read(mode)) {
    merge_to(fiber, readers_of(lock), caller);
  } else if (held) {
    // The writer knows all that readers released before; the next one learns it from here.
    clear_sync(readers_of(lock));
    release_to(fiber, lock, caller);
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
