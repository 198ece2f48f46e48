// ring.h: what one processor or thread records, so that a race can show the other stack.
//
// Input:    start_segment() when another fiber runs or the fiber's epoch ticks; record()
//           for each access that put a stamp into the shadow.
// Output:   events in chunks that visit_chunk() reads.
// Cost:     record() is two stores, one store of the position and one predicted branch.
// Threads:  one writer. Readers on any thread, at any time, without stopping it.
// Not here: where chunks come from and go to, see event_chunks.h.
//
// Invariants
//   R1  An event below its chunk's count is complete; whether it was read before it was
//       overwritten the chunk's sequence number says (event_chunks.h, E1).
//   R2  A chunk begins with a header, so every event has one. The locks of a header follow it
//       in the same chunk, and are complete when it is.
#ifndef FIBERSAN_DETECTOR_HISTORY_RING_H
#define FIBERSAN_DETECTOR_HISTORY_RING_H

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <span>

#include "detector/history/event_chunks.h"
#include "detector/history/held_lock.h"

namespace fibersan {

// Bit 47 of the first word tells the two kinds apart (low bits first):
//   access  first  = address:47 | 0 | write:1 | atomic:1 | size: mantissa:10, exponent:4
//           second = what note_access_context() returned
//   header  first  = fiber:47 | 1 | count of the locks that follow:16
//           second = 0:10 | epoch:30 | lane:24
//   lock    first  = address:47 | 0 | write:1
//           second = where it was acquired
// A size is mantissa << exponent; record() splits one that does not fit exactly.
struct RecordedAccess {
  uintptr_t address = 0;
  uint64_t size = 0;
  bool write = false;
  bool atomic = false;
  uint64_t context = 0;
};

// Accesses of one segment and kind that overlap some bytes.
struct AccessPattern {
  uint32_t lane;
  uint32_t epoch;
  uintptr_t address;
  uint64_t size;
  bool write;
  bool atomic;
};

struct Segment {
  uint32_t lane = 0;
  uint32_t epoch = 0;
  uint64_t fiber_id = 0;
  HeldLocks held;
};

class Ring {
 public:
  constexpr Ring() = default;

  // Of very many locks the first kMostLocks are kept.
  static constexpr size_t kMostLocks = EventChunk::kEvents / 2;
  void start_segment(uint32_t lane, uint32_t epoch, uint64_t fiber_id,
                     std::span<const HeldLock> held = {}) {
    held = held.first(std::min(held.size(), kMostLocks));
    segment_.lane = lane;
    segment_.epoch = epoch;
    segment_.fiber_id = fiber_id;
    segment_.assign(held);
    if (EventChunk::kEvents - position_ <= held.size()) {
      next_chunk();  // which begins with the header
    } else {
      put_header();
    }
  }

  // The same with up to kShortLocks locks, without a call. False: there are more, or too little
  // room for the header, the locks and an event.
  static constexpr size_t kShortLocks = 4;
  [[gnu::always_inline]] bool start_short_segment(uint32_t lane, uint32_t epoch, uint64_t fiber_id,
                                                  const HeldLock* held, size_t count) {
    if (count > kShortLocks || EventChunk::kEvents - position_ < kShortLocks + 2) return false;
    segment_.lane = lane;
    segment_.epoch = epoch;
    segment_.fiber_id = fiber_id;
    segment_.lock_count = static_cast<uint32_t>(count);
    chunk_->segments.add(lane, epoch);
    uint32_t at = position_;
    fill(at++, header_first(segment_), header_second(segment_));
    for (size_t i = 0; i < count; ++i) {
      segment_.few[i].lock = held[i].lock;
      segment_.few[i].acquired = held[i].acquired;
      segment_.few[i].write = held[i].write;
      fill(at++, lock_first(held[i]), held[i].acquired);
    }
    count_headers(at - position_);
    complete_up_to(at);
    return true;
  }

  // record() of a small access needs no call.
  bool has_room() const { return position_ != EventChunk::kEvents; }

  void record(uintptr_t address, uint64_t size, bool write, bool atomic, uint64_t context) {
    if (__builtin_expect(size > kMaxMantissa, 0)) {
      record_wide(address, size, write, atomic, context);
      return;
    }
    put(access_first(address, size, write, atomic), context);
  }

  // record() of up to kMaxMantissa bytes while there is room.
  [[gnu::always_inline]] void record_small(uintptr_t address, uint64_t size, bool write,
                                           bool atomic, uint64_t context) {
    store(access_first(address, size, write, atomic), context);
  }

  // Of a range of that size, how much the first event says that it is recorded in.
  static uint64_t size_of_first_piece(uint64_t size) {
    return size <= kMaxMantissa ? size : decoded(wide_piece(size));
  }

  // The writer is gone for good; the ring may be used again by another one.
  void close() {
    if (chunk_ != nullptr) event_chunks.complete(chunk_);
    chunk_ = nullptr;
    position_ = EventChunk::kEvents;
  }

  // Calls visit(Segment, RecordedAccess) for the accesses of that chunk, oldest first, as
  // long as it has this sequence number. visit_header(Segment) is called for each header,
  // repeated ones too, without its locks.
  template <typename Visit, typename VisitHeader>
  static void visit_chunk(const EventChunk& chunk, uint64_t sequence, Visit&& visit,
                          VisitHeader&& visit_header);
  template <typename Visit>
  static void visit_chunk(const EventChunk& chunk, uint64_t sequence, Visit&& visit) {
    visit_chunk(chunk, sequence, visit, [](const Segment&) {});
  }

  // The last such access in that chunk, with its segment; false: none, or overwritten.
  static bool find_last(const EventChunk& chunk, uint64_t sequence, const AccessPattern& pattern,
                        RecordedAccess& access, Segment& segment);

 private:
  static constexpr uint64_t kHeaderBit = uint64_t{1} << 47;
  static constexpr uint64_t kWriteBit = uint64_t{1} << 48;
  static constexpr uint64_t kAtomicBit = uint64_t{1} << 49;
  static constexpr unsigned kSizeShift = 50;
  static constexpr unsigned kCountShift = 48;
  static constexpr unsigned kMantissaBits = 10;
  static constexpr uint64_t kMaxMantissa = (uint64_t{1} << kMantissaBits) - 1;
  static constexpr unsigned kMaxExponent = 15;
  static constexpr uint64_t kMaxSize = kMaxMantissa << kMaxExponent;
  static constexpr uint64_t kAddressMask = kHeaderBit - 1;

  static uint64_t access_first(uintptr_t address, uint64_t encoded_size, bool write, bool atomic) {
    return (address & kAddressMask) | (write ? kWriteBit : 0) | (atomic ? kAtomicBit : 0) |
           encoded_size << kSizeShift;
  }
  static RecordedAccess decode_access(uint64_t first, uint64_t second) {
    return {first & kAddressMask, decoded(first >> kSizeShift), (first & kWriteBit) != 0,
            (first & kAtomicBit) != 0, second};
  }
  static uint64_t decoded(uint64_t encoded_size) {
    return (encoded_size & kMaxMantissa) << (encoded_size >> kMantissaBits);
  }
  // Greedy: the ten leading bits of what is left, so four pieces cover any size below 2^25.
  static uint64_t wide_piece(uint64_t left) {
    uint64_t exponent = 0;
    if (left > kMaxMantissa) exponent = static_cast<unsigned>(std::bit_width(left)) - kMantissaBits;
    exponent = std::min<uint64_t>(exponent, kMaxExponent);
    return std::min(left >> exponent, kMaxMantissa) | exponent << kMantissaBits;
  }

  // The one that is being written.
  struct Current {
    uint32_t lane = 0;
    uint32_t epoch = 0;
    uint64_t fiber_id = 0;
    uint32_t lock_count = 0;
    HeldLock few[kShortLocks];
    HeldLock* many = nullptr;  // where they are more; the room is kept, as rings are
    size_t room = 0;

    [[nodiscard]] std::span<const HeldLock> locks() const {
      return {lock_count <= kShortLocks ? few : many, lock_count};
    }
    void assign(std::span<const HeldLock> held) {
      if (held.size() > kShortLocks && held.size() > room) grow(held.size());
      lock_count = static_cast<uint32_t>(held.size());
      std::copy(held.begin(), held.end(), lock_count <= kShortLocks ? few : many);
    }
    void grow(size_t wanted) {
      if (room != 0) free_sized(many, room * sizeof(HeldLock));
      room = std::bit_ceil(wanted);
      many = static_cast<HeldLock*>(allocate_sized(room * sizeof(HeldLock)));
    }
  };

  [[gnu::always_inline]] static uint64_t header_first(const Current& s) {
    return (s.fiber_id & kAddressMask) | kHeaderBit | uint64_t{s.lock_count} << kCountShift;
  }
  [[gnu::always_inline]] static uint64_t header_second(const Current& s) {
    return uint64_t{s.lane} << 40 | uint64_t{s.epoch} << 10;
  }
  // Without its locks.
  static void decode_header(uint64_t first, uint64_t second, Segment& segment) {
    segment.lane = static_cast<uint32_t>(second >> 40);
    segment.epoch = static_cast<uint32_t>(second >> 10 & ((uint64_t{1} << 30) - 1));
    segment.fiber_id = first & kAddressMask;
    segment.held.locks.clear();
  }
  // What was overwritten meanwhile may say anything.
  static uint32_t count_of_locks(uint64_t header) {
    return std::min(static_cast<uint32_t>(header >> kCountShift), uint32_t{kMostLocks});
  }
  [[gnu::always_inline]] static uint64_t lock_first(const HeldLock& lock) {
    return (reinterpret_cast<uintptr_t>(lock.lock) & kAddressMask) | (lock.write ? kWriteBit : 0);
  }
  static HeldLock decode_lock(uint64_t first, uint64_t second) {
    return {reinterpret_cast<const void*>(first & kAddressMask), static_cast<StackId>(second),
            (first & kWriteBit) != 0};
  }

  void put(uint64_t first, uint64_t second) {
    if (__builtin_expect(position_ == EventChunk::kEvents, 0)) next_chunk();
    store(first, second);
  }

  void put_header() {
    chunk_->segments.add(segment_.lane, segment_.epoch);
    uint32_t at = position_;
    fill(at++, header_first(segment_), header_second(segment_));
    for (const HeldLock& lock : segment_.locks()) fill(at++, lock_first(lock), lock.acquired);
    count_headers(at - position_);
    complete_up_to(at);
  }

  [[gnu::always_inline]] void store(uint64_t first, uint64_t second) {
    const uint32_t at = position_;
    fill(at, first, second);
    complete_up_to(at + 1);
  }

  void fill(uint32_t at, uint64_t first, uint64_t second) {
    events_[at].first.store(first, std::memory_order_relaxed);
    events_[at].second.store(second, std::memory_order_relaxed);
  }
  // relaxed: a count. One writer.
  void count_headers(uint32_t more) {
    chunk_->headers.store(chunk_->headers.load(std::memory_order_relaxed) + more,
                          std::memory_order_relaxed);
  }
  void complete_up_to(uint32_t end) {
    position_ = end;
    // release [W1]: the events are complete (R1). Pairs with the acquire [W2] of the reader.
    chunk_->count.store(end, std::memory_order_release);
  }

  void next_chunk();
  void record_wide(uintptr_t address, uint64_t size, bool write, bool atomic, uint64_t context);

  RingEvent* events_ = nullptr;
  EventChunk* chunk_ = nullptr;
  uint32_t position_ = EventChunk::kEvents;
  Current segment_;
};

template <typename Visit, typename VisitHeader>
void Ring::visit_chunk(const EventChunk& chunk, uint64_t sequence, Visit&& visit,
                       VisitHeader&& visit_header) {
  // Copied in pieces, so that the sequence number is looked at once for each of them.
  constexpr uint32_t kPiece = 64;
  struct {
    uint64_t first, second;
  } copy[kPiece];
  const RingEvent* const events = event_chunks.events_of(chunk);
  const uint32_t count = chunk.count.load(std::memory_order_acquire);  // [W2], pairs with [W1]
  Segment segment;
  uint32_t locks_to_come = 0;
  for (uint32_t begin = 0; begin < count; begin += kPiece) {
    const uint32_t piece = std::min(count - begin, kPiece);
    for (uint32_t i = 0; i < piece; ++i) {
      copy[i].first = events[begin + i].first.load(std::memory_order_relaxed);
      copy[i].second = events[begin + i].second.load(std::memory_order_relaxed);
    }
    // acquire fence [E2]: if one of them was overwritten, the new number is seen (R1).
    // Pairs with the release fence [E1] in EventChunks::replace().
    std::atomic_thread_fence(std::memory_order_acquire);
    if (chunk.sequence.load(std::memory_order_relaxed) != sequence) return;
    for (uint32_t i = 0; i < piece; ++i) {
      if (locks_to_come != 0) {
        --locks_to_come;
        segment.held.locks.push_back(decode_lock(copy[i].first, copy[i].second));
      } else if ((copy[i].first & kHeaderBit) != 0) {
        decode_header(copy[i].first, copy[i].second, segment);
        locks_to_come = count_of_locks(copy[i].first);
        visit_header(segment);
      } else {
        visit(segment, decode_access(copy[i].first, copy[i].second));
      }
    }
  }
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_RING_H
