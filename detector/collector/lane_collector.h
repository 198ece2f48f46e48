// lane_collector.h: when and where the shadow is searched for lanes that nobody needs.
//
// Input:    a call now and then on threads whose fibers end.
// Output:   lanes of ended fibers that left no stamp are free again (clock/lane_round.h).
// State:    one round at a time: scanning, freeing, or none.
// Cost:     a round begins when as many lanes retired since the last one as it found in use,
//           or one for each KiB of shadow if that is more: 64 cells to look at for each fiber
//           that ended. It is done in slices of 64 KiB of shadow.
// Threads:  any. Who comes while another one works on the round goes on without.
// Not here: whether a stamp can be overlooked, see lane_round.h.
//
// Invariants
//   G1  No lane is freed unless all of the shadow was looked at.
#ifndef FIBERSAN_DETECTOR_COLLECTOR_LANE_COLLECTOR_H
#define FIBERSAN_DETECTOR_COLLECTOR_LANE_COLLECTOR_H

#include <cstddef>
#include <cstdint>

#include "detector/clock/lane_round.h"
#include "detector/clock/spin_lock.h"
#include "detector/collector/touched_shadow.h"

namespace fibersan {

class LaneCollector {
 public:
  struct Totals {
    uint64_t rounds = 0;
    uint64_t lanes_freed = 0;
    uint64_t bytes_scanned = 0;
  };

  constexpr LaneCollector() = default;

  // Before any fiber: lanes are collected before one with stamps left is reused.
  void start();
  // A fiber ended. No lock is held.
  void fiber_ended() {
    static constinit thread_local unsigned ended = 0;
    if (__builtin_expect(++ended % kFibersForASlice == 0, 0)) work();
  }
  // One whole round, begun now.
  void collect();

  [[nodiscard]] Totals totals() const;

 private:
  static constexpr unsigned kFibersForASlice = 32;
  static constexpr size_t kSliceBytes = size_t{64} << 10;
  static constexpr LaneId kSliceLanes = 4096;
  // Retired lanes for which nobody begins a round: 256 KiB.
  static constexpr uint32_t kFewLanes = 4096;
  static constexpr size_t kBytesForALane = 1024;

  enum class Phase : uint8_t { kNone, kScanning, kFreeing };

  void work();
  [[nodiscard]] bool is_due() const FIBERSAN_REQUIRES(lock_);
  void begin() FIBERSAN_REQUIRES(lock_);
  void slice() FIBERSAN_REQUIRES(lock_);
  void scan_slice() FIBERSAN_REQUIRES(lock_);
  void finish() FIBERSAN_REQUIRES(lock_);

  mutable SpinLock lock_;  // rank 6
  Phase phase_ FIBERSAN_GUARDED_BY(lock_) = Phase::kNone;
  LaneRound round_ FIBERSAN_GUARDED_BY(lock_);
  TouchedShadow shadow_ FIBERSAN_GUARDED_BY(lock_);
  size_t scanned_ FIBERSAN_GUARDED_BY(lock_) = 0;      // bytes, in this round or the last
  uint32_t survivors_ FIBERSAN_GUARDED_BY(lock_) = 0;  // retired lanes after the last round
  Totals totals_ FIBERSAN_GUARDED_BY(lock_);
};

extern LaneCollector lane_collector;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_COLLECTOR_LANE_COLLECTOR_H
