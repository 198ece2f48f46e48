// The detector's start for tests that call hooks, and the reporting side as counters.
#include <gtest/gtest.h>

#include "detector/deadlock/lock_cycle.h"
#include "detector/heap/allocate.h"
#include "detector/history/history.h"
#include "detector/process/options.h"
#include "detector/race/blocks.h"
#include "detector/race/thread.h"
#include "detector/shadow/layout.h"
#include "tests/unit/shadow/recorded_races.h"

namespace fibersan {

void report_races(const CurrentAccess& current, const Races& races) {
  for (const Race& found : races) {
    const RaceFound race = {current, found.stamp, found.cell};
    if (recorded.on_race_of_threads != nullptr) {
      recorded.on_race_of_threads(race);
      continue;
    }
    ++recorded.races;
    recorded.last = race;
    if (recorded.on_race != nullptr) recorded.on_race(race);
  }
}

void note_run(uint32_t, uint64_t) {}
void stop_heap_tracking() {}
void fiber_blocks(const fsan_fiber&) {}
bool unlock_is_told_of() { return false; }
void report_slow(fsan_finding_kind, const void*, const fsan_fiber&, StackId, uint64_t) {}
Options options;

void report_lock_cycles(LockCycle* first) {
  while (first != nullptr) {
    LockCycle* const cycle = first;
    first = cycle->next;
    ++recorded.lock_cycles;
    recorded.locks_of_last_cycle = cycle->length;
    if (cycle->length == 2) ++recorded.cycles_of_two;
    if (cycle->length == 3) ++recorded.cycles_of_three;
    LockCycle::free(cycle);
  }
}

void report_misuse_at(fsan_finding_kind, const void*, const fsan_fiber&, StackId) {
  ++recorded.misuses;
}

}  // namespace fibersan

extern "C" void __fsan_misuse(enum fsan_finding_kind, const void*) { ++fibersan::recorded.misuses; }

namespace fibersan {
namespace {

class Detector : public ::testing::Environment {
 public:
  void SetUp() override {
    constexpr uintptr_t kStack = 1 << 16;
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    reserve_shadow();
    start_history(1 << 16);
    start_main_thread({here - kStack, here + kStack});
    __fsan_processor_acquired(0);
    // The hooks' own checks are for parallel accesses in all tests.
    __fsan_run_started(2, 1);
  }
};

[[maybe_unused]] const auto* const detector = ::testing::AddGlobalTestEnvironment(new Detector);

}  // namespace
}  // namespace fibersan
