// detector/shadow/cell.h, invariant C1 over a weak memory: of two simultaneous accesses that race
// one thread sees the other's stamp, whichever slots they choose.
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/shadow/cell.h"

namespace {

using fibersan::AccessKind;
using fibersan::Stamp;

constexpr unsigned kPast = 5;  // a lane that both know

struct Case {
  AccessKind kinds[2];
  Stamp slots[2];
};

Stamp stamp(unsigned lane, AccessKind kind) { return fibersan::make_stamp(lane, 1, kind, 0xff); }

int explore(const Case& of) {
  static fibersan::Cell cell;
  bool seen[2] = {};
  const auto access = [&](unsigned i) {
    const fibersan::FiberClock clock(1u << kPast | 1u << i);
    const auto result =
        fibersan::check_cell<fibersan::SharedSlots>(cell, stamp(i, of.kinds[i]), clock);
    // A record is made under a lock, see tests of the cells that have one.
    seen[i] = !result.races.empty() || result.step == fibersan::CellStep::kFull;
  };
  return model::explore("two accesses", {.preemptions = 4, .stale = 3},
                        {[&] {
                           seen[0] = seen[1] = false;
                           for (int i : {0, 1})
                             fibersan::SharedSlots::exchange(cell.slots[i], 0, of.slots[i]);
                         },
                         {[&] { access(0); }, [&] { access(1); }},
                         [&] { model::expect(seen[0] || seen[1], "a race that nobody saw"); }});
}

}  // namespace

int main() {
  const Stamp known_write = stamp(kPast, AccessKind::kWrite);
  const Stamp known_read = stamp(kPast, AccessKind::kRead);
  int failed = 0;
  for (const auto& [first, second] : {std::pair{AccessKind::kWrite, AccessKind::kWrite},
                                      {AccessKind::kRead, AccessKind::kWrite},
                                      {AccessKind::kRead, AccessKind::kAtomicWrite},
                                      {AccessKind::kAtomicWrite, AccessKind::kWrite}})
    for (const Stamp left : {Stamp{0}, known_write})
      for (const Stamp right : {Stamp{0}, known_read})
        failed |= explore({{first, second}, {left, right}});
  return failed;
}
