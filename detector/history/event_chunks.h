// event_chunks.h: the memory of all rings, in chunks that go to whoever records.
//
// State:    chunks of kEvents events. Each belongs to one ring, or is complete and waits
//           until it is the oldest of them and there is no fresh one.
// Cost:     a lock and a few stores for each kEvents events; memory is touched as used.
// Threads:  any.
// Not here: what an event says, see ring.h; which one belongs to a stamp, see history.h.
//
// Invariants
//   E1  What is read of a chunk is intact when the chunk has the same sequence number
//       before and after: it gets a new one before anything in it is overwritten.
//   E2  Only complete chunks are overwritten, the one first that was completed first:
//       so the limit counts the events of all rings, and a ring at rest keeps its last
//       ones.
#ifndef FIBERSAN_DETECTOR_HISTORY_EVENT_CHUNKS_H
#define FIBERSAN_DETECTOR_HISTORY_EVENT_CHUNKS_H

#include <atomic>
#include <cstdint>

#include "detector/clock/spin_lock.h"

namespace fibersan {

struct RingEvent {
  std::atomic<uint64_t> first;
  std::atomic<uint64_t> second;
};
static_assert(sizeof(RingEvent) == 16);

// Which segments have a header in a chunk; a segment that is not in it has none there.
class SegmentFilter {
 public:
  void clear() {
    for (auto& word : words_) word.store(0, std::memory_order_relaxed);
  }
  // relaxed everywhere: the chunk's `end`, stored later, publishes it. One writer.
  [[gnu::always_inline]] void add(uint32_t lane, uint32_t epoch) {
    const unsigned bit = bit_of(lane, epoch);
    std::atomic<uint64_t>& word = words_[bit / 64];
    word.store(word.load(std::memory_order_relaxed) | uint64_t{1} << bit % 64,
               std::memory_order_relaxed);
  }
  bool may_contain(uint32_t lane, uint32_t epoch) const {
    const unsigned bit = bit_of(lane, epoch);
    return (words_[bit / 64].load(std::memory_order_relaxed) >> bit % 64 & 1) != 0;
  }

 private:
  static constexpr unsigned kLog2Bits = 8;
  [[gnu::always_inline]] static unsigned bit_of(uint32_t lane, uint32_t epoch) {
    const uint64_t mixed = ((uint64_t{lane} << 30) + epoch) * 0x9e3779b97f4a7c15u;
    return static_cast<unsigned>(mixed >> (64 - kLog2Bits));
  }
  std::atomic<uint64_t> words_[(1u << kLog2Bits) / 64];
};

struct alignas(64) EventChunk {
  static constexpr uint32_t kEvents = 4096;

  std::atomic<uint64_t> sequence;  // of all chunks ever begun; 0: not yet used
  std::atomic<uint32_t> count;     // events that are complete
  uint32_t index;                  // of the chunk; constant once it has a sequence number
  EventChunk* completed_next;      // in the queue of those that may be overwritten
  SegmentFilter segments;
  std::atomic<uint32_t> headers;  // of the events those that are no access
};
static_assert(sizeof(EventChunk) == 64);

class EventChunks {
 public:
  constexpr EventChunks() = default;

  // Before the first event: keeps at least `events` of all rings together. Ends the
  // process with a message when there is no memory.
  void start(uint64_t events);
  // What the kernel is told of all events, as madvise().
  void advise(int advice) const;

  // A chunk to write into, with no events. `done` is complete, or null.
  EventChunk* replace(EventChunk* done);
  // The ring of this chunk ends.
  void complete(EventChunk* done);

  RingEvent* events_of(const EventChunk& chunk) const {
    return events_ + uint64_t{chunk.index} * EventChunk::kEvents;
  }

  // The chunk begun last before the one of that number; null: there is none.
  const EventChunk* begun_before(uint64_t sequence, uint64_t& its_sequence) const;

  // Events overwritten so far.
  uint64_t overwritten() const { return overwritten_.load(std::memory_order_relaxed); }
  // All that were ever recorded; while threads record, about so many.
  uint64_t recorded_accesses() const;

 private:
  uint64_t event_bytes() const {
    return uint64_t{capacity_} * EventChunk::kEvents * sizeof(RingEvent);
  }
  void push(EventChunk* chunk) FIBERSAN_REQUIRES(lock_);
  EventChunk* pop() FIBERSAN_REQUIRES(lock_);

  RingEvent* events_ = nullptr;
  EventChunk* chunks_ = nullptr;
  uint32_t limit_ = 0;     // chunks after which complete ones are overwritten
  uint32_t capacity_ = 0;  // chunks there is address space for
  SpinLock lock_;          // rank 30: nothing is called under it
  EventChunk* oldest_ FIBERSAN_GUARDED_BY(lock_) = nullptr;  // of the complete ones
  EventChunk* newest_ FIBERSAN_GUARDED_BY(lock_) = nullptr;
  uint64_t last_sequence_ FIBERSAN_GUARDED_BY(lock_) = 0;
  std::atomic<uint32_t> used_{0};
  std::atomic<uint64_t> overwritten_{0};
  std::atomic<uint64_t> overwritten_headers_{0};
};

extern constinit EventChunks event_chunks;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_EVENT_CHUNKS_H
