// detector/history/ring.h and event_chunks.h over a weak memory: what a reader is shown beside the
// writer was written so, in the segment that is named with it (E1, R1, R2).
#include "tests/model/memory/detector/detector.h"
// Behind it: atomics are the model's.
#include "detector/history/event_chunks.cpp"
#include "detector/history/ring.cpp"

namespace fibersan {

void check_failed(const char*, int, const char* condition, std::uint64_t) {
  model::Machine::current->fail(condition);
  std::abort();
}

}  // namespace fibersan

namespace {

using fibersan::event_chunks;
using fibersan::EventChunk;
using fibersan::RecordedAccess;
using fibersan::Ring;
using fibersan::Segment;

// One access in each epoch; all its fields follow from the epoch.
void write(Ring& ring, unsigned from, unsigned to) {
  for (unsigned epoch = from; epoch <= to; ++epoch) {
    ring.start_segment(epoch, epoch, epoch);
    ring.record(epoch, 1, true, false, epoch);
  }
}

void expect_written_so(const Segment& segment, const RecordedAccess& access) {
  model::expect(access.address != 0 && access.address == access.context, "a torn access");
  model::expect(segment.lane == segment.epoch && segment.fiber_id == segment.epoch,
                "a torn segment");
  model::expect(segment.epoch == access.address, "an access in another's segment");
}

void visit_all() {
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence))
    Ring::visit_chunk(*chunk, sequence, expect_written_so);
}

void find(unsigned epoch) {
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence)) {
    RecordedAccess access;
    Segment segment;
    if (Ring::find_last(*chunk, sequence, {epoch, epoch, epoch, 1, true, false}, access, segment))
      expect_written_so(segment, access);
  }
}

// `before` epochs are there when the reader begins, `beside` come while it reads. Two are a
// chunk, and two chunks are what there is.
template <typename Read>
int explore(const char* name, unsigned before, unsigned beside, model::Bounds bounds, Read read) {
  std::optional<Ring> ring;
  return model::explore(name, bounds,
                        {[&, before] {
                           new (&event_chunks) fibersan::EventChunks;
                           event_chunks.start(1);
                           ring.emplace();
                           write(*ring, 1, before);
                         },
                         {[&, before, beside] { write(*ring, before + 1, before + beside); }, read},
                         read});
}

}  // namespace

int main() {
  const auto find_first = [] { find(1); };
  const auto find_fifth = [] { find(5); };
  return explore("the first chunk", 0, 1, {.preemptions = 3, .stale = 2}, visit_all) |
         explore("a chunk that is written over", 4, 1, {.preemptions = 2, .stale = 2}, visit_all) |
         explore("a search of the first chunk", 0, 1, {.preemptions = 3, .stale = 2}, find_first) |
         explore("a search for what is written over", 4, 1, {.preemptions = 2, .stale = 2},
                 find_first) |
         explore("a search for what is written", 4, 1, {.preemptions = 2, .stale = 2}, find_fifth);
}
