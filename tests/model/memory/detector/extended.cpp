// detector/shadow/extended.cpp over a weak memory: also when a cell gets its record at that
// moment, one of two simultaneous accesses that race sees the other's stamp.
//
// The record itself is a lock and a list here (a fake in ../../../mutants/orders.py); its own
// sets are tested with real threads.
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/shadow/extended.cpp"

namespace {

using fibersan::AccessKind;
using fibersan::CellStep;
using fibersan::Stamp;

Stamp stamp(unsigned lane, AccessKind kind) { return fibersan::make_stamp(lane, 1, kind, 0xff); }

bool sees_race(fibersan::Cell& cell, Stamp access, const fibersan::FiberClock& clock) {
  for (;;) {
    auto result = fibersan::check_cell<fibersan::SharedSlots>(cell, access, clock);
    if (result.step == CellStep::kFull || result.step == CellStep::kExtended)
      fibersan::check_extended(cell, access, clock, result);
    if (result.step != CellStep::kExtended) return !result.races.empty();
  }
}

// Readers that race with nobody fill the slots first.
int explore(unsigned readers, model::Bounds bounds) {
  static fibersan::Cell cell;
  bool seen[2] = {};
  const auto access = [&](unsigned i, AccessKind kind) {
    seen[i] = sees_race(cell, stamp(i, kind), fibersan::FiberClock(1u << i));
  };
  return model::explore(
      "two accesses beside readers", bounds,
      {[&, readers] {
         seen[0] = seen[1] = false;
         fibersan::begin_records();
         for (int i : {0, 1}) fibersan::SharedSlots::exchange(cell.slots[i], 0, 0);
         for (unsigned i = 0; i < readers; ++i)
           sees_race(cell, stamp(5 + i, AccessKind::kAtomicRead), fibersan::FiberClock(0));
       },
       {[&] { access(0, AccessKind::kRead); }, [&] { access(1, AccessKind::kAtomicWrite); }},
       [&] { model::expect(seen[0] || seen[1], "a race that nobody saw"); }});
}

}  // namespace

int main() {
  return explore(1, {.preemptions = 3, .stale = 2}) | explore(2, {.preemptions = 3, .stale = 2}) |
         explore(3, {.preemptions = 2, .stale = 2});
}
