// histogram.h: how often which duration was seen, on a logarithmic scale.
//
// Output:   counts in buckets that double: bucket i holds what is above bound(i-1) and at
//           most bound(i), from 64 ns to 137 s; the last one what is longer. And the sum.
// Cost:     record() 2 ns: two plain additions. 272 bytes.
// Threads:  record() by one thread at a time; the readers any thread.
//
// Invariants
//   I1  Counts only grow. A reader that runs beside record() may see the bucket without
//       the sum, never a torn number.
#ifndef FIBERSAN_RUNTIME_OBSERVE_HISTOGRAM_H
#define FIBERSAN_RUNTIME_OBSERVE_HISTOGRAM_H

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace fiber::internal {

class LogHistogram {
 public:
  static constexpr size_t kBounds = 32;
  static constexpr size_t kBuckets = kBounds + 1;

  // The largest value of bucket `index`, in nanoseconds.
  static constexpr uint64_t bound(size_t index) { return uint64_t{64} << index; }
  static constexpr size_t bucket_of(uint64_t nanoseconds) {
    if (nanoseconds <= bound(0)) return 0;
    const size_t index = static_cast<size_t>(std::bit_width(nanoseconds - 1)) - 6;
    return index < kBounds ? index : kBounds;
  }

  void record(uint64_t nanoseconds) {
    grow(counts_[bucket_of(nanoseconds)], 1);
    grow(sum_, nanoseconds);
  }
  // Relaxed: a number by itself (I1).
  uint64_t count(size_t bucket) const { return counts_[bucket].load(std::memory_order_relaxed); }
  uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  // Relaxed: one writer, and readers that need no order.
  static void grow(std::atomic<uint64_t>& number, uint64_t by) {
    number.store(number.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<uint64_t> sum_{0};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_HISTOGRAM_H
