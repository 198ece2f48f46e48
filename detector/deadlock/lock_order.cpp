#include "detector/deadlock/lock_order.h"

#include <atomic>

#include "detector/clock/spin_lock.h"
#include "detector/deadlock/acquisitions.h"
#include "detector/deadlock/cycle_search.h"
#include "detector/race/address_table.h"

namespace fibersan {
namespace {

constinit std::atomic<bool> wanted{true};

SpinLock order_lock;  // rank 9: memory of slabs and clocks inside
constinit Acquisitions acquisitions FIBERSAN_GUARDED_BY(order_lock);
constinit CycleSearch cycle_search FIBERSAN_GUARDED_BY(order_lock);

// Of locks that have gone, K1 of known_nestings.h. relaxed: a place is used for another lock only
// behind the end of the one before.
constinit std::atomic<uint32_t> generation{0};

// relaxed: asked in signal handlers, where what is being counted may go either way.
constinit std::atomic<uint64_t> forgotten{0};

// Where there are locks in `acquisitions`: its table of addresses finds those of a range.
struct Place {
  const void* lock = nullptr;

  Place() = default;
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (lock == nullptr) return;
    SpinGuard guard(order_lock);
    if (acquisitions.forget(lock)) generation.fetch_add(1, std::memory_order_relaxed);
  }
};
AddressTable<Place> places;  // rank 8

// The order in which they are held does not matter.
uint64_t key_of(std::span<const HeldLock> held, const void* lock, bool write) {
  const auto mixed = [](const void* one, bool is_written) {
    uint64_t hash = (reinterpret_cast<uintptr_t>(one) + (is_written ? 1 : 0)) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
  };
  uint64_t key = mixed(lock, write) * 0xd6e8feb86659fd93u;
  for (const HeldLock& one : held) key += mixed(one.lock, one.write) * 0xff51afd7ed558ccdu;
  return key ^ key >> 29;
}

void make_place(const void* lock) {
  decltype(places)::Locked place(places, lock);
  place.make().lock = lock;
}

bool all_have_places(const NestedLock& nested) FIBERSAN_REQUIRES(order_lock) {
  if (!acquisitions.knows(nested.lock)) return false;
  for (const HeldLock& held : nested.held) {
    if (!acquisitions.knows(held.lock)) return false;
  }
  return true;
}

LockCycle* note_under_lock(const NestedLock& nested) FIBERSAN_REQUIRES(order_lock) {
  LockCycle* cycles = nullptr;
  LockPattern* const pattern = acquisitions.note(nested);
  if (pattern != nullptr && pattern->taken->is_on_cycle) cycles = cycle_search.find(*pattern);
  forgotten.store(acquisitions.dropped() + cycle_search.broken_off(), std::memory_order_relaxed);
  return cycles;
}

LockCycle* note(const NestedLock& nested) {
  {
    SpinGuard guard(order_lock);
    if (all_have_places(nested)) return note_under_lock(nested);
  }
  make_place(nested.lock);
  for (const HeldLock& held : nested.held) make_place(held.lock);
  SpinGuard guard(order_lock);
  return note_under_lock(nested);
}

}  // namespace

void want_lock_order(bool is_wanted) { wanted.store(is_wanted, std::memory_order_relaxed); }

void note_nested_lock(fsan_fiber& fiber, const void* lock, bool write, StackId at) {
  if (!wanted.load(std::memory_order_relaxed) || fiber.clock.stamp() == 0) return;
  const std::span<const HeldLock> held = fiber.held_locks.all();
  for (const HeldLock& one : held) {
    if (one.lock == lock) return;  // again: nobody can be in between
  }
  locks_begin_to_nest();
  LockCycle* cycles = nullptr;
  {
    const SignalsWait inside;
    HardPast& past = fiber.hard_past.make();
    KnownNestings& known = fiber.known_nestings.make();
    const uint64_t key = key_of(held, lock, write);
    const uint32_t now = generation.load(std::memory_order_relaxed);
    if (known.contain(key, past.releases(), now)) return;  // O2
    const Stamp stamp = past.mark(fiber.clock);
    cycles = note({.lock = lock,
                   .write = write,
                   .at = at,
                   .held = held,
                   .fiber_id = fiber.info->id,
                   .stamp = stamp,
                   .past = past});
    known.add(key, past.releases(), now);
  }
  if (cycles != nullptr) report_lock_cycles(cycles);
}

void forget_nested_locks(uintptr_t address, uint64_t size) { places.forget(address, size); }

uint64_t forgotten_lock_orders() { return forgotten.load(std::memory_order_relaxed); }

}  // namespace fibersan
