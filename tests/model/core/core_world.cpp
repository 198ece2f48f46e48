#include "tests/model/core/core_world.h"

#include <algorithm>
#include <bit>

#include "detector/clock/lane.h"
#include "detector/collector/lane_collector.h"
#include "detector/race/memory.h"
#include "detector/race/thread.h"
#include "detector/shadow/extended.h"
#include "tests/unit/shadow/recorded_races.h"

namespace fibersan::model {
namespace {

alignas(16) char bytes[kArenaBytes];
char places[64];  // of Syncs
constexpr std::uint64_t kContext = 1;

// Names of Syncs in the oracle: places by index, then those of readers, bytes, and fences.
constexpr SyncId kReaders = 100;
constexpr SyncId kBytes = 200;
constexpr SyncId kAcquireFences = 1000;
constexpr SyncId kReleaseFences = 2000;
constexpr unsigned kFirstSlot = 48;
constexpr unsigned kFirstLock = 32;  // locks take two places each

std::vector<RaceFound> found;

std::uint64_t forgotten_now() {
  const Forgotten lanes = lane_table.forgotten();
  return lanes.lanes_reused + lanes.fibers_without_lane + lanes.epochs_exhausted + dropped_stamps();
}

std::uint64_t key_of(Stamp stamp) { return stamp & (kStampLaneField | kStampEpochField); }

bool acquires(int order) {
  return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}
bool releases(int order) {
  return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

}  // namespace

void CoreTally::add(const CoreTally& other) {
  accesses += other.accesses;
  racy += other.racy;
  required += other.required;
  reports += other.reports;
  missed += other.missed;
  invented += other.invented;
  forgotten += other.forgotten;
}

CoreWorld::CoreWorld(bool parallel) : forgotten_before_(forgotten_now()) {
  recorded.on_race = [](const RaceFound& race) { found.push_back(race); };
  __fsan_run_started(parallel ? 2 : 1, 1);
  __fsan_memory_forgotten(places, sizeof places);
  memory_allocated(reinterpret_cast<uintptr_t>(bytes), sizeof bytes);
  fibers_.push_back(this_thread.own);
  stacks_.emplace_back();
  for (unsigned i = 0; i < 2; ++i) slots_[i] = &places[slot_ids_[i] = kFirstSlot + i];
  spare_ = &places[spare_id_ = kFirstSlot + 2];
}

CoreWorld::~CoreWorld() {
  enter(kMain);
  __fsan_run_finished();
  recorded.on_race = nullptr;
  found.clear();
}

fsan_ptr CoreWorld::arena(std::size_t at) const { return bytes + at; }
const void* CoreWorld::address_of(SyncId sync) const { return &places[sync]; }

void CoreWorld::enter(FiberId fiber) {
  if (fiber == running_) return;
  __fsan_fiber_switched_out(fibers_[running_]);
  __fsan_fiber_switched_in(fibers_[fiber]);
  running_ = fiber;
}

FiberId CoreWorld::spawn(FiberId parent, unsigned processor) {
  static std::uint64_t ids = 1;
  constexpr std::size_t kStack = 64;
  enter(parent);
  stacks_.push_back(std::make_unique<char[]>(kStack));
  char* const stack = stacks_.back().get();
  fibers_.push_back(
      __fsan_fiber_created(ids++, nullptr, stack, stack + kStack, stack + kStack, nullptr));
  const FiberId child = oracle_.spawn(parent);
  // Where it runs for the first time decides whose lanes it looks at.
  const unsigned before = this_thread.processor;
  this_thread.processor = processor;
  enter(child);
  this_thread.processor = before;
  return child;
}

void CoreWorld::end(FiberId fiber) {
  enter(fiber);
  enter(kMain);
  __fsan_fiber_ended(fibers_[fiber]);
  fibers_[fiber] = nullptr;
}

// --- accesses ---

// What the access itself releases comes after it.
void CoreWorld::begin_access() {
  found.clear();
  key_ = key_of(this_thread.fiber->clock.stamp());
}

void CoreWorld::end_access(FiberId fiber, std::size_t at, std::size_t size, Stamp kind) {
  const std::uint64_t mask = (size == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << size) - 1)
                             << at;
  const Access now{oracle_.access(fiber), key_, kind, mask, mask};
  ++tally_.accesses;
  check_reports(now, fiber);
  check_misses(now, fiber);
  for (Access& earlier : history_) {
    if ((kind & ~earlier.kind & kStampKindField) != 0) continue;
    if ((earlier.last & mask) != 0 && oracle_.ordered(earlier.truth, fiber)) earlier.last &= ~mask;
  }
  if (key_ != 0) history_.push_back(now);
}

void CoreWorld::check_reports(const Access& now, FiberId fiber) {
  for (const RaceFound& race : found) {
    ++tally_.reports;
    const std::uint64_t key = key_of(race.previous);
    reported_.emplace(std::minmax(key, now.key));
    const auto cell = race.cell - reinterpret_cast<uintptr_t>(bytes);
    const std::uint64_t mask = std::uint64_t{stamp_mask(race.previous)} << cell & now.mask;
    const Stamp kind = race.previous & kStampKindField;
    const bool true_one = std::any_of(history_.begin(), history_.end(), [&](const Access& earlier) {
      return earlier.key == key && earlier.kind == kind && (earlier.mask & mask) != 0 &&
             conflict(earlier, now) && !oracle_.ordered(earlier.truth, fiber);
    });
    if (true_one) continue;
    ++tally_.invented;
    disagree("invented", now, key);
  }
}

void CoreWorld::check_misses(const Access& now, FiberId fiber) {
  for (const Access& earlier : history_) {
    if (!conflict(earlier, now) || oracle_.ordered(earlier.truth, fiber)) continue;
    ++tally_.racy;
    if ((earlier.last & now.mask) == 0) continue;  // R2
    if (reported_.contains(std::minmax(earlier.key, now.key))) {
      ++tally_.required;
    } else if (now.key != 0) {
      ++tally_.required;
      ++tally_.missed;
      disagree("missed", now, earlier.key);
    }
  }
}

void CoreWorld::disagree(const char* what, const Access& now, std::uint64_t other) {
  if (!tally_.first_disagreement.empty()) return;
  tally_.first_disagreement =
      std::string(what) + ": fiber " + std::to_string(now.truth.fiber) + " as lane " +
      std::to_string(stamp_lane(now.key)) + " epoch " + std::to_string(stamp_epoch(now.key)) +
      " at byte " + std::to_string(std::countr_zero(now.mask)) + " of " +
      std::to_string(std::popcount(now.mask)) + ", with lane " + std::to_string(stamp_lane(other)) +
      " epoch " + std::to_string(stamp_epoch(other));
}

void CoreWorld::access(FiberId fiber, std::size_t at, std::size_t size, bool write) {
  enter(fiber);
  begin_access();
  const fsan_ptr to = arena(at);
  const bool aligned = at % size == 0;
  if (aligned && size == 1) {
    write ? __fsan_write1(to, kContext) : __fsan_read1(to, kContext);
  } else if (aligned && size == 2) {
    write ? __fsan_write2(to, kContext) : __fsan_read2(to, kContext);
  } else if (aligned && size == 4) {
    write ? __fsan_write4(to, kContext) : __fsan_read4(to, kContext);
  } else if (aligned && size == 8) {
    write ? __fsan_write8(to, kContext) : __fsan_read8(to, kContext);
  } else if (aligned && size == 16) {
    write ? __fsan_write16(to, kContext) : __fsan_read16(to, kContext);
  } else {
    write ? __fsan_write_range(to, size, kContext) : __fsan_read_range(to, size, kContext);
  }
  end_access(fiber, at, size, write ? 0 : FSAN_STAMP_READ);
}

void CoreWorld::load(FiberId fiber, std::size_t at, int order) {
  enter(fiber);
  begin_access();
  at &= ~std::size_t{3};
  static_cast<void>(__fsan_atomic32_load(arena(at), static_cast<unsigned>(order), kContext));
  acquires(order) ? oracle_.acquire(fiber, kBytes + at)
                  : oracle_.add(kAcquireFences + fiber, kBytes + at);
  end_access(fiber, at, 4, FSAN_STAMP_READ | FSAN_STAMP_ATOMIC);
}

void CoreWorld::store(FiberId fiber, std::size_t at, int order) {
  enter(fiber);
  begin_access();
  at &= ~std::size_t{3};
  const SyncId sync = kBytes + at;
  __fsan_atomic32_store(arena(at), 0, static_cast<unsigned>(order), kContext);
  end_access(fiber, at, 4, FSAN_STAMP_ATOMIC);
  if (releases(order)) {
    oracle_.release(fiber, sync);
  } else if (oracle_.has(kReleaseFences + fiber)) {
    oracle_.copy(sync, kReleaseFences + fiber);
  } else {
    oracle_.destroy(sync);
  }
}

void CoreWorld::updated(FiberId fiber, std::size_t at, int order) {
  const SyncId sync = kBytes + at;
  acquires(order) ? oracle_.acquire(fiber, sync) : oracle_.add(kAcquireFences + fiber, sync);
  end_access(fiber, at, 4, FSAN_STAMP_ATOMIC);
  if (releases(order)) {
    oracle_.merge(fiber, sync);
  } else if (oracle_.has(kReleaseFences + fiber)) {
    oracle_.add(sync, kReleaseFences + fiber);
  }
}

void CoreWorld::update(FiberId fiber, std::size_t at, int order) {
  enter(fiber);
  begin_access();
  at &= ~std::size_t{3};
  __fsan_atomic32_rmw(arena(at), 0, FSAN_RMW_ADD, static_cast<unsigned>(order), kContext);
  updated(fiber, at, order);
}

void CoreWorld::compare_exchange(FiberId fiber, std::size_t at, bool succeeds, int success,
                                 int failure) {
  enter(fiber);
  begin_access();
  at &= ~std::size_t{3};
  // Every value of the arena is 0.
  __fsan_atomic32_compare_exchange(arena(at), succeeds ? 0 : 1, 0, static_cast<unsigned>(success),
                                   static_cast<unsigned>(failure), kContext);
  if (succeeds) return updated(fiber, at, success);
  acquires(failure) ? oracle_.acquire(fiber, kBytes + at)
                    : oracle_.add(kAcquireFences + fiber, kBytes + at);
  end_access(fiber, at, 4, FSAN_STAMP_READ | FSAN_STAMP_ATOMIC);
}

void CoreWorld::fence(FiberId fiber, int order) {
  enter(fiber);
  __fsan_atomic_fence(static_cast<unsigned>(order), kContext);
  if (acquires(order)) oracle_.acquire(fiber, kAcquireFences + fiber);
  if (releases(order)) oracle_.release(fiber, kReleaseFences + fiber);
}

void CoreWorld::free(FiberId fiber, std::size_t at) {
  enter(fiber);
  begin_access();
  memory_freed(reinterpret_cast<uintptr_t>(arena(at)), kBlock, kContext,
               __builtin_frame_address(0));
  for (std::size_t i = at; i < at + kBlock; ++i) oracle_.destroy(kBytes + i);
  end_access(fiber, at, kBlock, 0);
}

void CoreWorld::allocate(std::size_t at) {
  memory_allocated(reinterpret_cast<uintptr_t>(arena(at)), kBlock);
  const std::uint64_t block = ((std::uint64_t{1} << kBlock) - 1) << at;
  for (Access& access : history_) {
    access.mask &= ~block;
    access.last &= ~block;
  }
  std::erase_if(history_, [](const Access& access) { return access.mask == 0; });
}

// --- edges ---

void CoreWorld::acquire(FiberId fiber, SyncId sync) {
  enter(fiber);
  __fsan_acquire(address_of(sync));
  oracle_.acquire(fiber, sync);
}

void CoreWorld::release(FiberId fiber, SyncId sync) {
  enter(fiber);
  __fsan_release(address_of(sync));
  oracle_.release(fiber, sync);
}

void CoreWorld::merge(FiberId fiber, SyncId sync) {
  enter(fiber);
  __fsan_merge(address_of(sync));
  oracle_.merge(fiber, sync);
}

void CoreWorld::lock(FiberId fiber, unsigned lock, bool write) {
  enter(fiber);
  const SyncId sync = kFirstLock + 2 * lock;
  __fsan_lock_acquired(address_of(sync), write ? FSAN_LOCK_WRITE : FSAN_LOCK_READ);
  oracle_.acquire(fiber, sync);
  if (write) oracle_.acquire(fiber, kReaders + lock);
}

void CoreWorld::unlock(FiberId fiber, unsigned lock, bool write) {
  enter(fiber);
  const SyncId sync = kFirstLock + 2 * lock;
  __fsan_lock_released(address_of(sync), write ? FSAN_LOCK_WRITE : FSAN_LOCK_READ);
  write ? oracle_.release(fiber, sync) : oracle_.merge(fiber, kReaders + lock);
}

void CoreWorld::use_slot(FiberId fiber, unsigned slot) {
  enter(fiber);
  __fsan_release(spare_);
  __fsan_acquire(slots_[slot]);
  oracle_.release(fiber, spare_id_);
  oracle_.acquire(fiber, slot_ids_[slot]);
  std::swap(spare_, slots_[slot]);
  std::swap(spare_id_, slot_ids_[slot]);
}

void CoreWorld::destroy(SyncId sync) {
  __fsan_memory_forgotten(address_of(sync), 1);
  oracle_.destroy(sync);
}

void CoreWorld::collect() { lane_collector.collect(); }

const CoreTally& CoreWorld::tally() {
  tally_.forgotten = forgotten_now() - forgotten_before_;
  return tally_;
}

}  // namespace fibersan::model
