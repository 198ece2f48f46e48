// policy.h: the one seam through which every scheduling choice goes.
//
// Input:    the seed of the run; what there is to choose from.
// Output:   a choice. With procs=1 the same seed gives the same sequence of choices.
// State:    one Random and one PickState for each processor, one Random shared by threads
//           that are no workers.
// Cost:     about 1 ns on a worker.
// Threads:  any; PickState its processor's worker.
// Not here: carrying the choice out, see worker.cpp.
//
// Invariants
//   I1  Of any kGlobalPeriod picks in a row one looks at the global queue first.
//   I2  After kNextLimit picks in a row from the next slot the ring goes first: fibers that
//       wake each other through the slot cannot starve it.
#ifndef FIBERSAN_RUNTIME_POLICY_H
#define FIBERSAN_RUNTIME_POLICY_H

#include <atomic>
#include <cstdint>

namespace fiber::internal {

enum class Choice : uint8_t {
  kVictim,      // which processor to rob first
  kSelectCase,  // which of the ready cases of a select
};

// In [0, count); count is at least 1.
uint32_t choose(Choice kind, uint32_t count);

// 64 uniformly distributed bits from the same generator.
uint64_t random();

// splitmix64 (Steele, Lea and Flood 2014): every seed is good, also consecutive ones.
class Random {
 public:
  void seed(uint64_t seed, uint64_t stream) { state_ = mix(seed + stream * kStep); }
  uint64_t next() { return mix(state_ += kStep); }

  static constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  static constexpr uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

 private:
  uint64_t state_ = 0;
};

enum class Source : uint8_t { kNextSlot, kRing, kGlobal };

class PickState {
 public:
  static constexpr uint32_t kGlobalPeriod = 61;  // a prime: in step with no loop of a program
  static constexpr uint32_t kNextLimit = 16;
  static constexpr uint32_t kLonelyLimit = 8;

  // Where to look first. The other sources follow in the order slot, ring, global.
  Source first_source(bool ring_empty) {
    if (++picks_ % kGlobalPeriod == 0) return Source::kGlobal;
    return next_in_row_ >= kNextLimit && !ring_empty ? Source::kRing : Source::kNextSlot;
  }
  bool global_is_next() const { return (picks_ + 1) % kGlobalPeriod == 0; }
  void picked(Source source) {
    if (source != Source::kNextSlot) {
      next_in_row_ = 0;
      return;
    }
    ++next_in_row_;
    // Relaxed: ordered by the slot, see next_picks().
    next_picks_.store(next_picks() + 1, std::memory_order_relaxed);
  }
  // Owner: a fiber that was woken goes into the empty next slot of an empty queue. True: tell
  // the others. Not when the owner has been taking such fibers by itself for a while, as in
  // a hand-over from fiber to fiber: who is woken then only takes the data to another CPU, and
  // the fiber soon back. One that stays after all is found by the monitor.
  bool tells_of_lonely() {
    const uint32_t picks = next_picks();
    lonely_in_row_ = picks == lonely_taken_ ? lonely_in_row_ + 1 : 0;
    lonely_taken_ = picks + 1;
    // Relaxed: only the monitor looks, and sooner or later is enough.
    if (stays_.load(std::memory_order_relaxed)) {
      stays_.store(false, std::memory_order_relaxed);
      lonely_in_row_ = 0;
    }
    if (lonely_in_row_ < kLonelyLimit) return true;
    untold_.store(untold() + 1, std::memory_order_relaxed);
    return false;
  }
  // How often it said no. Any thread.
  uint32_t untold() const { return untold_.load(std::memory_order_relaxed); }
  // By the monitor: one was not taken.
  void lonely_stays() { stays_.store(true, std::memory_order_relaxed); }

  void reset() {
    picks_ = 0;
    next_in_row_ = 0;
    lonely_in_row_ = 0;
    lonely_taken_ = 0;
    next_picks_.store(0, std::memory_order_relaxed);
  }

  // How many fibers the owner has taken out of its next slot. Any processor: who has first
  // seen a fiber in the slot (acquire) and then sees this number change knows that the
  // owner has taken that fiber, or has displaced it and told the others (idle.h).
  uint32_t next_picks() const { return next_picks_.load(std::memory_order_relaxed); }

 private:
  uint32_t picks_ = 0;
  uint32_t next_in_row_ = 0;
  uint32_t lonely_in_row_ = 0;  // which the owner took by itself
  uint32_t lonely_taken_ = 0;   // next_picks() if it takes the last one
  std::atomic<uint32_t> next_picks_{0};
  std::atomic<uint32_t> untold_{0};
  std::atomic<bool> stays_{false};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_POLICY_H
