#include "detector/race/run_past.h"

#include <atomic>

#include "detector/clock/spin_lock.h"
#include "detector/race/known_fibers.h"
#include "detector/race/thread.h"

namespace fibersan {

namespace {

constexpr unsigned kShards = 16;

struct alignas(64) Shard {
  SpinLock lock;  // rank 4: the locks of Syncs' clocks inside
  Sync told FIBERSAN_GUARDED_BY(lock);
};
[[clang::no_destroy]] constinit Shard shards[kShards];

SpinLock handing_over;  // rank 4
[[clang::no_destroy]] constinit Clock lanes_handed_over FIBERSAN_GUARDED_BY(handing_over);

constinit std::atomic<bool> has_others{false};

}  // namespace

void run_past_begins() {
  {
    SpinGuard guard(handing_over);
    lanes_handed_over.clear();
  }
  for (Shard& shard : shards) {
    SpinGuard guard(shard.lock);
    shard.told.clear();
  }
}

// relaxed: who learned of the others did so after them, and they come after this.
void run_past_has_others() {
  if (!has_others.load(std::memory_order_relaxed))
    has_others.store(true, std::memory_order_relaxed);
}

void add_to_run_past(FiberClock& clock) {
  Shard& shard = shards[this_thread.processor % kShards];
  SpinGuard guard(shard.lock);
  clock.tell(shard.told);
}

void fiber_leaves_run(FiberClock& clock) {
  if (has_others.load(std::memory_order_relaxed)) add_to_run_past(clock);  // Y2
}

void start_clock_of_thread(fsan_fiber& fiber) {
  SpinGuard guard(handing_over);
  const uint64_t previous = fiber.clock.start(static_cast<SpawnSnapshot&&>(fiber.snapshot),
                                              this_thread.processor, fiber.info->id);
  if (!is_fiber_id(previous)) return;
  // Not what the thread knows: that is its creator's, who may be unordered with all fibers of
  // this run and have the lane of an earlier one's.
  lanes_handed_over.set(fiber.clock.lane(), fiber.clock.epoch() - 1);
}

void acquire_run_past(FiberClock& clock) {
  {
    SpinGuard guard(handing_over);
    clock.acquire_ended(is_fiber_id);
    clock.acquire(lanes_handed_over);
  }
  for (Shard& shard : shards) {
    SpinGuard guard(shard.lock);
    clock.acquire(shard.told);
  }
}

}  // namespace fibersan
