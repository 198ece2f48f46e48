#include "detector/race/foreign_run.h"

#include <atomic>

#include "detector/clock/lane.h"
#include "detector/race/thread.h"

namespace fibersan {
namespace {

// relaxed: what they guard is only which reports are left out, and who asks was ordered
// behind the start of the run by whatever the program did about it.
std::atomic<bool> foreign_run_is_on{false};
std::atomic<bool> had_foreign_run{false};

}  // namespace

void note_run_started() {
  fsan_fiber* const main = this_thread.main_thread;
  foreign_run_is_on.store(main == nullptr, std::memory_order_relaxed);
  if (main == nullptr) {
    had_foreign_run.store(true, std::memory_order_relaxed);
    count_foreign_thread();
  } else if (had_foreign_run.load(std::memory_order_relaxed)) {
    main->clock.acquire_ended();  // F1
    refresh_stamp();
  }
}

SpawnSnapshot snapshot_for_foreign_run() {
  FiberClock everything;
  everything.start(SpawnSnapshot{}, 0, kNoFiberId);
  everything.acquire_ended();
  SpawnSnapshot snapshot = everything.spawn();
  everything.end();
  return snapshot;
}

bool between_main_and_foreign_run(const fsan_fiber& fiber, Stamp previous) {
  if (!had_foreign_run.load(std::memory_order_relaxed)) return false;
  // All that the main thread's own runs did is ordered with what it does outside of them.
  if (fiber.info->id == kMainThreadId) return true;
  return foreign_run_is_on.load(std::memory_order_relaxed) &&
         lane_table.owner(stamp_lane(previous), stamp_epoch(previous)) == kMainThreadId;
}

}  // namespace fibersan
