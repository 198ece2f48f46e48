#include "detector/history/ring.h"

namespace fibersan {

void Ring::next_chunk() {
  chunk_ = event_chunks.replace(chunk_);
  events_ = event_chunks.events_of(*chunk_);
  position_ = 0;
  put_header();  // R2
}

void Ring::record_wide(uintptr_t address, uint64_t size, bool write, bool atomic,
                       uint64_t context) {
  while (size > 0) {
    const uint64_t piece = wide_piece(size);
    put(access_first(address, piece, write, atomic), context);
    address += decoded(piece);
    size -= decoded(piece);
  }
}

bool Ring::find_last(const EventChunk& chunk, uint64_t sequence, const AccessPattern& pattern,
                     RecordedAccess& access, Segment& segment) {
  const RingEvent* const events = event_chunks.events_of(chunk);
  const uint32_t count = chunk.count.load(std::memory_order_acquire);  // [W2], pairs with [W1]
  if (!chunk.segments.may_contain(pattern.lane, pattern.epoch)) return false;
  const uint64_t kind = (pattern.write ? kWriteBit : 0) | (pattern.atomic ? kAtomicBit : 0);
  const uintptr_t last = pattern.address + pattern.size - 1;
  bool found = false;
  bool is_of_segment = false;
  Segment here;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t first = events[i].first.load(std::memory_order_relaxed);
    if ((first & kHeaderBit) != 0) {
      decode_header(first, events[i].second.load(std::memory_order_relaxed), here);
      is_of_segment = here.lane == pattern.lane && here.epoch == pattern.epoch;
      for (uint32_t locks = count_of_locks(first); locks > 0 && i + 1 < count; --locks) {
        ++i;
        if (!is_of_segment) continue;
        here.held.locks.push_back(decode_lock(events[i].first.load(std::memory_order_relaxed),
                                              events[i].second.load(std::memory_order_relaxed)));
      }
    } else if (is_of_segment && (first & (kWriteBit | kAtomicBit)) == kind &&
               last - (first & kAddressMask) <= kMaxSize) {
      const uint64_t second = events[i].second.load(std::memory_order_relaxed);
      const RecordedAccess candidate = decode_access(first, second);
      if (pattern.address >= candidate.address + candidate.size) continue;
      access = candidate;
      segment = here;
      found = true;
    }
  }
  // acquire fence [E2]: if anything of it was overwritten, the new number is seen (R1).
  // Pairs with the release fence [E1] in EventChunks::replace().
  std::atomic_thread_fence(std::memory_order_acquire);
  return found && chunk.sequence.load(std::memory_order_relaxed) == sequence;
}

}  // namespace fibersan
