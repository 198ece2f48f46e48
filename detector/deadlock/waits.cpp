#include "detector/deadlock/waits.h"

#include "detector/fiber.h"
#include "detector/race/held_locks.h"

namespace fibersan {

Waits::Waits(const fsan_world& world, BlockMarks& blocks, const StackIndex& stacks,
             Scratch& scratch)
    : world_(world),
      blocks_(blocks),
      stacks_(stacks),
      needed_(scratch.array<uint32_t>(world.fiber_count + 1)),
      stacks_awaited_(scratch.array<uint32_t>(world.fiber_count + 1)),
      lives_awaited_(scratch.array<uint32_t>(world.fiber_count + 1)),
      filter_(scratch.array<uint64_t>(kFilterBits / 64)),
      blocks_awaited_(scratch),
      holds_of_(scratch),
      by_id_(scratch),
      edges_(scratch),
      holds_(scratch),
      gone_(scratch) {
  edges_.push({kNoFiber, 0});  // 0 is none, in both
  holds_.push({kNoFiber, HoldKind::kWrite, 0});
  if (scratch.failed()) return;
  const auto count = static_cast<uint32_t>(world.fiber_count);
  bool ids_wanted = false;
  for (uint32_t i = 0; i < count; ++i) {
    if (world.fibers[i].fiber == nullptr) continue;
    if (world.fibers[i].activity == FSAN_ACTIVITY_GONE) gone_.push(i);
    ids_wanted = ids_wanted || is_end_wait(world.fibers[i].fiber->waiting.reason);
    note_locks(i);
  }
  for (uint32_t i = 0; ids_wanted && i < count; ++i) by_id_.at(world.fibers[i].id) = i + 1;
  for (uint32_t i = 0; i < count; ++i) {
    if (world.fibers[i].activity == FSAN_ACTIVITY_BLOCKED) note_wait(i);
    if (needed_[i] != 0) ++suspects_;
  }
}

void Waits::note_hold(const void* lock, uint32_t fiber, HoldKind kind) {
  uint32_t& first = holds_of_.at(address_of(lock));
  holds_.push({fiber, kind, first});
  first = static_cast<uint32_t>(holds_.size()) - 1;
}

// A fiber that was stopped within a hook may have a lock more or less than it says; it lives.
void Waits::note_locks(uint32_t fiber) {
  const fsan_fiber& of = *world_.fibers[fiber].fiber;
  for (const HeldLock& held : of.held_locks.all())
    if (held.lock != nullptr)
      note_hold(held.lock, fiber, held.write ? HoldKind::kWrite : HoldKind::kRead);
  const Waiting& waiting = of.waiting;
  if (waiting.active() && waiting.reason == FSAN_WAIT_RWMUTEX_LOCK && waiting.count == 1)
    note_hold(waiting.only, fiber, HoldKind::kWaitsToWrite);
}

void Waits::add_edge(uint32_t& first, uint32_t waiter) {
  edges_.push({waiter, first});
  first = static_cast<uint32_t>(edges_.size()) - 1;
}

void Waits::note_wait(uint32_t fiber) {
  const fsan_fiber* const of = world_.fibers[fiber].fiber;
  if (of == nullptr || !of->waiting.active() || of->waiting.timed) return;  // W4
  const Waiting& waiting = of->waiting;
  const void* const object = waiting.count == 1 ? waiting.only : nullptr;
  switch (waiting.reason) {
    case FSAN_WAIT_CHAN_SEND:
    case FSAN_WAIT_CHAN_RECEIVE:
    case FSAN_WAIT_NIL_CHAN_SEND:
    case FSAN_WAIT_NIL_CHAN_RECEIVE:
    case FSAN_WAIT_SELECT:
    case FSAN_WAIT_CONDITION_WAIT:
    case FSAN_WAIT_WAITGROUP_WAIT:
    case FSAN_WAIT_SEMAPHORE_ACQUIRE:
    case FSAN_WAIT_BARRIER_WAIT:
      return note_objects(fiber);
    case FSAN_WAIT_JOIN:
    case FSAN_WAIT_ONCE:
      return note_end_of(fiber, waiting.blocked_by);
    case FSAN_WAIT_MUTEX_LOCK:
      return object == nullptr ? void() : note_mutex(fiber, object);
    case FSAN_WAIT_RWMUTEX_LOCK:
      return object == nullptr ? void() : note_rwmutex(fiber, object, true);
    case FSAN_WAIT_RWMUTEX_READ_LOCK:
      return object == nullptr ? void() : note_rwmutex(fiber, object, false);
    default:  // W4
      return;
  }
}

// W1
void Waits::note_objects(uint32_t fiber) {
  const Waiting& waiting = world_.fibers[fiber].fiber->waiting;
  needed_[fiber] = 1;
  for (size_t i = 0; i < waiting.count; ++i) {
    if (note_object(fiber, waiting.objects()[i])) continue;
    needed_[fiber] = 0;  // W4
    return;
  }
}

// False: nobody can say who reaches it, such as a global.
bool Waits::note_object(uint32_t fiber, const void* object) {
  if (object == nullptr) return true;
  const uintptr_t address = address_of(object);
  const uint32_t owner = stacks_.find(address);
  if (owner != kNoFiber) {
    const fsan_world_fiber& of = world_.fibers[owner];
    if (address < address_of(of.user_low) || address >= address_of(of.user_high)) return false;
    add_edge(stacks_awaited_[owner], fiber);
    return true;
  }
  const LiveBlock block = blocks_.find(address);
  if (block.address == 0) return in_stack_that_is_gone(address);
  add_edge(blocks_awaited_.at(block.address), fiber);
  const uint64_t bit = filter_bit(block.address);
  filter_[bit / 64] |= uint64_t{1} << (bit % 64);
  return true;
}

bool Waits::in_stack_that_is_gone(uintptr_t address) const {
  for (size_t i = 0; i < gone_.size(); ++i) {
    const StackBounds stack = world_.fibers[gone_[i]].fiber->stack;
    if (address >= stack.low && address < stack.high) return true;
  }
  return false;
}

uint32_t Waits::add_lives(uint32_t fiber, const void* lock, HoldKind kind) {
  uint32_t count = 0;
  for_each_holder(lock, [&](uint32_t holder, HoldKind held) {
    if (held != kind) return;
    add_edge(lives_awaited_[holder], fiber);
    ++count;
  });
  return count;
}

// W2
void Waits::note_mutex(uint32_t fiber, const void* lock) {
  const uint32_t holders = add_lives(fiber, lock, HoldKind::kWrite);
  if (holders != 0 && !released_by_another(lock)) {
    needed_[fiber] = 1;
  } else if (holders == 0 && left_locked(lock)) {
    needed_[fiber] = 1;  // which never comes
  } else {
    note_objects(fiber);
  }
}

void Waits::note_rwmutex(uint32_t fiber, const void* lock, bool for_writing) {
  if (released_by_another(lock)) return;  // W4
  const uint32_t writers = add_lives(fiber, lock, HoldKind::kWrite);
  const uint32_t readers = for_writing ? add_lives(fiber, lock, HoldKind::kRead) : 0;
  if (writers + readers != 0) {
    needed_[fiber] = for_writing ? writers + readers : 1;
  } else if (left_locked(lock)) {
    needed_[fiber] = 1;  // which never comes
  } else if (!for_writing && add_lives(fiber, lock, HoldKind::kWaitsToWrite) != 0) {
    needed_[fiber] = 1;
  } else {
    note_objects(fiber);
  }
}

// W3
void Waits::note_end_of(uint32_t fiber, uint64_t id) {
  if (id == 0) return note_objects(fiber);
  const uint32_t target = by_id_.find(id);
  if (target == 0 || world_.fibers[target - 1].activity == FSAN_ACTIVITY_GONE) return;  // W4
  add_edge(lives_awaited_[target - 1], fiber);
  needed_[fiber] = 1;
}

}  // namespace fibersan
