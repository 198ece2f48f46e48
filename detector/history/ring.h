// ring.h: the last accesses of one processor, so that a race can show the other stack.
//
// Input:    start_segment() when the processor runs another fiber or the fiber's epoch
//           ticks; record() for each access that put a stamp into the shadow.
// Output:   visit_piece(), for find_access().
// State:    2^log2_events events of 16 bytes, mapped when opened, touched as used.
// Cost:     record() is two stores, one store of the position and one predicted branch.
// Threads:  one writer. Readers on any thread, at any time, without stopping it.
// Not here: choosing the event that belongs to a stamp, see history.h.
//
// Invariants
//   R1  The event of index i is at i mod size. It is intact for a reader that saw it
//       written and then finds head < i + size: the writer announces an index (head)
//       before it overwrites what was there.
//   R2  A header is written again every kSegmentRepeat events, so at most that many of
//       the oldest events belong to an unknown segment.
#ifndef FIBERSAN_DETECTOR_HISTORY_RING_H
#define FIBERSAN_DETECTOR_HISTORY_RING_H

#include <atomic>
#include <cstdint>

namespace fibersan {

struct RingEvent {
  std::atomic<uint64_t> first;
  std::atomic<uint64_t> second;
};
static_assert(sizeof(RingEvent) == 16);

// Bit 47 of the first word tells the two kinds apart (low bits first):
//   access  first  = address:47 | 0 | write:1 | atomic:1 | size: mantissa:10, exponent:4
//           second = hash of calling context and pc
//   header  first  = fiber:47 | 1 | lock set's high 16 bits
//           second = lock set's low 10 bits | epoch:30 | lane:24
// A size is mantissa << exponent; record() splits one that does not fit exactly.
struct RecordedAccess {
  uintptr_t address = 0;
  uint64_t size = 0;
  bool write = false;
  bool atomic = false;
  uint64_t context = 0;
};

struct Segment {
  uint32_t lane = 0;
  uint32_t epoch = 0;
  uint64_t fiber_id = 0;
  uint32_t lock_set = 0;  // the locks held, see race/lock_set.h; 26 bits
};

class Ring {
 public:
  static constexpr uint64_t kSegmentRepeat = 4096;

  // Maps the events and makes the ring known to for_each_ring(). Once; a ring lives as
  // long as the process. Ends the process with a message when there is no memory.
  void open(unsigned log2_events);

  void start_segment(uint32_t lane, uint32_t epoch, uint64_t fiber_id, uint32_t lock_set = 0) {
    segment_ = {lane, epoch, fiber_id, lock_set};
    put(header_first(segment_), header_second(segment_));
  }

  void record(uintptr_t address, uint64_t size, bool write, bool atomic, uint64_t context) {
    if (__builtin_expect(size > kMaxMantissa, 0)) {
      record_wide(address, size, write, atomic, context);
      return;
    }
    put(access_first(address, size, write, atomic), context);
  }

  // Calls visit(Segment, RecordedAccess) for every intact access of one piece of
  // kSegmentRepeat events, oldest first. Piece 0 is the newest. False: there is no such.
  template <typename Visit>
  bool visit_piece(uint64_t piece, Visit&& visit) const;

  // Events that the ring no longer holds.
  uint64_t overwritten() const {
    uint64_t head = head_.load(std::memory_order_relaxed);  // a statistic: order does not matter
    uint64_t size = mask_ + 1;
    return events_ == nullptr || head < size ? 0 : head - size;
  }

  bool is_open() const { return events_ != nullptr; }
  const Ring* next() const { return next_; }

 private:
  static constexpr uint64_t kHeaderBit = uint64_t{1} << 47;
  static constexpr uint64_t kWriteBit = uint64_t{1} << 48;
  static constexpr uint64_t kAtomicBit = uint64_t{1} << 49;
  static constexpr unsigned kSizeShift = 50;
  static constexpr unsigned kMantissaBits = 10;
  static constexpr uint64_t kMaxMantissa = (uint64_t{1} << kMantissaBits) - 1;
  static constexpr unsigned kMaxExponent = 15;
  static constexpr uint64_t kAddressMask = kHeaderBit - 1;

  static uint64_t access_first(uintptr_t address, uint64_t encoded_size, bool write, bool atomic) {
    return (address & kAddressMask) | (write ? kWriteBit : 0) | (atomic ? kAtomicBit : 0) |
           encoded_size << kSizeShift;
  }
  static RecordedAccess decode_access(uint64_t first, uint64_t second) {
    uint64_t encoded = first >> kSizeShift;
    return {first & kAddressMask, (encoded & kMaxMantissa) << (encoded >> kMantissaBits),
            (first & kWriteBit) != 0, (first & kAtomicBit) != 0, second};
  }

  static uint64_t header_first(const Segment& s) {
    return (s.fiber_id & kAddressMask) | kHeaderBit | uint64_t{s.lock_set >> 10} << 48;
  }
  static uint64_t header_second(const Segment& s) {
    return uint64_t{s.lane} << 40 | uint64_t{s.epoch} << 10 | (s.lock_set & 0x3ff);
  }
  static Segment decode_header(uint64_t first, uint64_t second) {
    return {static_cast<uint32_t>(second >> 40),
            static_cast<uint32_t>(second >> 10 & ((uint64_t{1} << 30) - 1)), first & kAddressMask,
            static_cast<uint32_t>(first >> 48 << 10 | (second & 0x3ff))};
  }

  void put(uint64_t first, uint64_t second) {
    uint64_t index = position_++;
    if (__builtin_expect((index & (kSegmentRepeat - 1)) == 0, 0)) {
      store(index, header_first(segment_), header_second(segment_));  // R2
      index = position_++;
    }
    store(index, first, second);
  }

  void store(uint64_t index, uint64_t first, uint64_t second) {
    // relaxed + release fence [W1]: the index is announced before the slot changes (R1).
    // Pairs with the acquire fence [A1] in intact().
    head_.store(index, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    RingEvent& event = events_[index & mask_];
    event.first.store(first, std::memory_order_relaxed);
    event.second.store(second, std::memory_order_relaxed);
    // release [W2]: the event is complete. Pairs with the acquire [A2] in visit_piece().
    complete_.store(index + 1, std::memory_order_release);
  }

  // Whether what was just read from index i was still the event i (R1).
  bool intact(uint64_t i) const {
    std::atomic_thread_fence(std::memory_order_acquire);  // [A1]
    return head_.load(std::memory_order_relaxed) < i + mask_ + 1;
  }

  void record_wide(uintptr_t address, uint64_t size, bool write, bool atomic, uint64_t context);

  RingEvent* events_ = nullptr;
  uint64_t mask_ = 0;
  uint64_t position_ = 0;  // writer only
  Segment segment_;        // writer only
  std::atomic<uint64_t> head_{0};
  std::atomic<uint64_t> complete_{0};
  const Ring* next_ = nullptr;
};

// All open rings, newest first; follow next().
const Ring* first_ring();

template <typename Visit>
bool Ring::visit_piece(uint64_t piece, Visit&& visit) const {
  uint64_t end = complete_.load(std::memory_order_acquire);  // [A2]
  uint64_t newest = (end == 0 ? 0 : end - 1) / kSegmentRepeat;
  if (end == 0 || piece > newest || piece * kSegmentRepeat > mask_) return false;
  uint64_t begin = (newest - piece) * kSegmentRepeat;  // holds a header (R2)
  bool known = false;
  Segment segment;
  for (uint64_t i = begin; i < end && i < begin + kSegmentRepeat; ++i) {
    const RingEvent& event = events_[i & mask_];
    uint64_t first = event.first.load(std::memory_order_relaxed);
    uint64_t second = event.second.load(std::memory_order_relaxed);
    if (!intact(i)) {
      known = false;
    } else if ((first & kHeaderBit) != 0) {
      segment = decode_header(first, second);
      known = true;
    } else if (known) {
      visit(segment, decode_access(first, second));
    }
  }
  return true;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_RING_H
