#include "detector/collector/lane_collector.h"

#include <cerrno>

#include "detector/clock/lane.h"
#include "detector/shadow/extended.h"

namespace fibersan {
namespace {

void look_at_cells(const AddressRange& shadow, LaneRound& round) {
  auto* const end = reinterpret_cast<Cell*>(shadow.high);
  for (auto* cell = reinterpret_cast<Cell*>(shadow.low); cell != end; ++cell) {
    const Stamp first = SharedSlots::load(cell->slots[0]);
    const Stamp second = SharedSlots::load(cell->slots[1]);
    if ((first | second) == 0 && SharedSlots::load(cell->slots[0]) == 0) continue;
    // The common case of for_each_stamp(), without a call.
    if (!stamp_is_extended(first) && SharedSlots::load(cell->slots[0]) == first) {
      round.saw(first);
      round.saw(second);
    } else {
      for_each_stamp(
          *cell, [](Stamp stamp, void* into) { static_cast<LaneRound*>(into)->saw(stamp); },
          &round);
    }
  }
}

}  // namespace

constinit LaneCollector lane_collector;

void LaneCollector::start() {
  lane_table.set_last_resort([] { lane_collector.collect(); });
}

void LaneCollector::work() {
  if (!lock_.try_lock()) return;
  const int saved = errno;  // a hook leaves it alone
  if (phase_ == Phase::kNone && is_due()) begin();
  if (phase_ != Phase::kNone) slice();
  errno = saved;
  lock_.unlock();
}

void LaneCollector::collect() {
  SpinGuard guard(lock_);
  const int saved = errno;
  begin();
  while (phase_ != Phase::kNone) slice();
  errno = saved;
}

LaneCollector::Totals LaneCollector::totals() const {
  SpinGuard guard(lock_);
  return totals_;
}

bool LaneCollector::is_due() const {
  if (!shadow_.available()) return false;
  uint32_t enough = kFewLanes;
  if (enough < survivors_) enough = survivors_;
  if (enough < scanned_ / kBytesForALane) enough = static_cast<uint32_t>(scanned_ / kBytesForALane);
  return lane_table.retired_lanes() >= survivors_ + enough;
}

void LaneCollector::begin() {
  round_.begin();
  shadow_.rewind();
  scanned_ = 0;
  phase_ = Phase::kScanning;
}

void LaneCollector::slice() {
  if (phase_ == Phase::kScanning) {
    scan_slice();
  } else if (!round_.free_some(kSliceLanes)) {
    finish();
  }
}

void LaneCollector::scan_slice() {
  AddressRange part;
  for (size_t left = kSliceBytes; left != 0; left -= part.high - part.low) {
    if (!shadow_.next(left, part)) {
      phase_ = shadow_.available() ? Phase::kFreeing : Phase::kNone;  // G1
      return;
    }
    look_at_cells(part, round_);
    scanned_ += part.high - part.low;
  }
}

void LaneCollector::finish() {
  phase_ = Phase::kNone;
  survivors_ = lane_table.retired_lanes();
  ++totals_.rounds;
  totals_.lanes_freed += round_.freed();
  totals_.bytes_scanned += scanned_;
}

}  // namespace fibersan
