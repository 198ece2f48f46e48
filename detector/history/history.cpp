#include "detector/history/history.h"

namespace fibersan {

// An eighth more, for the headers between them.
void start_history(uint64_t events) { event_chunks.start(events + events / 8); }

std::optional<PastAccess> find_access(uint32_t lane, uint32_t epoch, uintptr_t address,
                                      uint64_t size, bool write, bool atomic) {
  const AccessPattern pattern = {lane, epoch, address, size, write, atomic};
  // From the newest chunk back: accesses that race are mostly recent. Which of two rings
  // holds the later part of an epoch cannot be told; any match is a true one.
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence)) {
    PastAccess past;
    Segment segment;
    if (!Ring::find_last(*chunk, sequence, pattern, past.access, segment)) continue;
    past.fiber_id = segment.fiber_id;
    past.held = segment.held;
    past.stack = stack_of(past.access.context);
    return past;
  }
  return std::nullopt;
}

void for_each_remembered_fiber(void (*visit)(uint64_t fiber_id, void* data), void* data) {
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence)) {
    Ring::visit_chunk(
        *chunk, sequence, [](const Segment&, const RecordedAccess&) {},
        [&](const Segment& segment) { visit(segment.fiber_id, data); });
  }
}

uint64_t overwritten_events() { return event_chunks.overwritten(); }

}  // namespace fibersan
