// counters.h: what the runtime counts about itself.
//
// Input:    `processor->counters.add(Counter::kSteals)` where the processor is at hand and
//           the caller runs on its thread; `count(Counter::kNetWakes)` elsewhere, any thread.
// Output:   numbers that only grow, for as long as the process lives: runs add up.
// State:    one Counters for each processor, one for threads without a processor.
// Cost:     add() one load and one store in the processor's own cache line, under 1 ns;
//           count() 2 ns more on a worker, a locked addition on other threads.
// Threads:  add(), due(): the thread that owns the processor. get(): any.
// Not here: what is made of the numbers, see stats.cpp.
//
// Invariants
//   I1  Counters of a processor are written by its owner alone, so relaxed plain additions
//       lose nothing.
#ifndef FIBERSAN_RUNTIME_OBSERVE_COUNTERS_H
#define FIBERSAN_RUNTIME_OBSERVE_COUNTERS_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "runtime/observe/histogram.h"

namespace fiber::internal {

enum class Counter : uint8_t {
#define FIBER_COUNTER(id, member, metric, help) id,
#include "runtime/observe/counters.def"
#undef FIBER_COUNTER
  kCount,
};

inline constexpr size_t kCounterCount = static_cast<size_t>(Counter::kCount);

// Says of one event in kPeriod on average that it is to be timed: a clock costs 11 to 30 ns,
// a switch not much more. The distance varies, so that no loop of a program runs in step.
class Sampler {
 public:
  static constexpr uint32_t kPeriod = 256;

  bool due() { return --left_ == 0 && restart(); }

 private:
  bool restart() {
    state_ = state_ * 1664525 + 1013904223;  // Numerical Recipes' generator: any will do
    left_ = 1 + (state_ >> 16) % (2 * kPeriod - 1);
    return true;
  }

  uint32_t left_ = 1;
  uint32_t state_ = 1;
};

class alignas(64) Counters {
 public:
  void add(Counter counter, uint64_t by = 1) {
    std::atomic<uint64_t>& number = numbers_[static_cast<size_t>(counter)];
    // Relaxed: one writer (I1), and readers that need no order.
    number.store(number.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  // For a Counters that threads share.
  void add_shared(Counter counter, uint64_t by) {
    // Relaxed: a number by itself.
    numbers_[static_cast<size_t>(counter)].fetch_add(by, std::memory_order_relaxed);
  }
  uint64_t get(Counter counter) const {
    return numbers_[static_cast<size_t>(counter)].load(std::memory_order_relaxed);
  }

  Sampler lifetimes_due;
  Sampler latencies_due;

 private:
  std::array<std::atomic<uint64_t>, kCounterCount> numbers_{};

 public:
  LogHistogram lifetimes;  // of the fibers that the sampler chose
  LogHistogram latencies;  // from runnable to running, likewise
};

// For a caller that does not have the processor at hand, or has none.
void count(Counter counter, uint64_t by = 1);

// Of threads without a processor: the monitor, foreign threads, run() before its first fiber.
Counters& shared_counters();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_COUNTERS_H
