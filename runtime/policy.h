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

  // Where to look first. The other sources follow in the order slot, ring, global.
  Source first_source(bool ring_empty) {
    const uint32_t tick = picks() + 1;
    // Relaxed: thieves only compare two readings, see picks().
    picks_.store(tick, std::memory_order_relaxed);
    if (tick % kGlobalPeriod == 0) return Source::kGlobal;
    return next_in_row_ >= kNextLimit && !ring_empty ? Source::kRing : Source::kNextSlot;
  }
  void reset() {
    picks_.store(0, std::memory_order_relaxed);
    next_in_row_ = 0;
  }
  void picked(Source source) { next_in_row_ = source == Source::kNextSlot ? next_in_row_ + 1 : 0; }

  // Changes while the processor's worker takes one fiber after the other. A thief that
  // sees it change leaves the next slot alone: its fiber runs soon, on warm data.
  uint32_t picks() const { return picks_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> picks_{0};
  uint32_t next_in_row_ = 0;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_POLICY_H
