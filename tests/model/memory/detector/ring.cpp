// detector/history/ring.h over a weak memory: what a reader is shown beside the writer was
// written so, in the segment that is named with it (R1, R2).
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/history/ring.cpp"

namespace {

using fibersan::RecordedAccess;
using fibersan::Segment;

// One access in each epoch; all its fields follow from the epoch.
void write(fibersan::Ring& ring, unsigned epochs) {
  ring.open(1);
  for (unsigned epoch = 1; epoch <= epochs; ++epoch) {
    ring.start_segment(epoch, epoch, epoch);
    ring.record(epoch, 1, true, false, epoch);
  }
}

void read(unsigned pieces) {
  for (const fibersan::Ring* ring = fibersan::first_ring(); ring != nullptr; ring = ring->next()) {
    for (unsigned piece = 0; piece < pieces; ++piece) {
      ring->visit_piece(piece, [](const Segment& segment, const RecordedAccess& access) {
        model::expect(access.address != 0 && access.address == access.context, "a torn access");
        model::expect(segment.lane == segment.epoch && segment.fiber_id == segment.epoch,
                      "a torn segment");
        model::expect(segment.epoch == access.address, "an access in another's segment");
      });
    }
  }
}

int explore(const char* name, unsigned epochs_before, unsigned epochs, model::Bounds bounds) {
  std::optional<fibersan::Ring> ring;
  const auto more = [&, epochs_before, epochs] {
    if (epochs_before == 0) return write(*ring, epochs);
    for (unsigned epoch = epochs_before + 1; epoch <= epochs_before + epochs; ++epoch) {
      ring->start_segment(epoch, epoch, epoch);
      ring->record(epoch, 1, true, false, epoch);
    }
  };
  return model::explore(name, bounds,
                        {[&, epochs_before] {
                           ring.emplace();
                           if (epochs_before != 0) write(*ring, epochs_before);
                         },
                         {more, [] { read(2); }},
                         [] { read(2); }});
}

}  // namespace

int main() {
  return explore("a ring that opens", 0, 1, {.preemptions = 3, .stale = 2}) |
         explore("a ring that is written over", 2, 2, {.preemptions = 2, .stale = 2});
}
