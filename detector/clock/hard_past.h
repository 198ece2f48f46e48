// hard_past.h: what a fiber is ordered after whoever comes first at the locks: by spawn, join,
// channels and all else but locks and atomic operations.
//
// Input:    the hard ones of the releases and acquires, each behind that of the fiber's clock.
// Output:   whether an earlier moment of another fiber can never be beside the present one.
// State:    a second clock over the same lanes and epochs, which learns by hard edges only.
// Cost:     nothing but a test as long as locks_nest() is false. Then two compares for what has
//           been published there, or learned, already; else a copy or a join of clocks.
// Threads:  as FiberClock.
// Not here: who asks: detector/deadlock/lock_order.h.
//
// Invariants
//   P1  It begins empty when locks nest for the first time: only moments after that are asked for.
//   P2  A moment is marked: the lane and epoch that FiberClock::touched() has made part of the
//       next release. What is published says the last one, not how far the fiber has come.
//   P3  The fiber's own lane is not in its clock: that another fiber had the lane before is no hard
//       edge. A lane that it had itself, and used up, is.
//   P4  What has one serial and version is one knowledge.
#ifndef FIBERSAN_DETECTOR_CLOCK_HARD_PAST_H
#define FIBERSAN_DETECTOR_CLOCK_HARD_PAST_H

#include <atomic>
#include <cstdint>

#include "detector/clock/clock.h"
#include "detector/clock/fiber_clock.h"
#include "detector/clock/stamp.h"

namespace fibersan {

namespace internal {
inline constinit std::atomic<bool> locks_have_nested{false};
}  // namespace internal

// Some fiber took a lock while it held one. relaxed: whoever is ordered after that sees it.
inline bool locks_nest() { return internal::locks_have_nested.load(std::memory_order_relaxed); }
inline void locks_begin_to_nest() {
  if (!locks_nest()) internal::locks_have_nested.store(true, std::memory_order_relaxed);
}

class HardPast {
 public:
  // Behind the same call of the fiber's clock.
  void release(Sync& sync);
  void merge(Sync& sync);
  void acquire(Sync& sync);
  // The fiber creates another one, whose past begins with this.
  void spawn(HardPast& child);
  // All that the fiber knows counts: run() has returned to it.
  void acquire_all(const FiberClock& fiber) { learn(fiber.clock()); }

  // The present is a moment that may be asked for. Returns its stamp, never 0 where the fiber has
  // a lane.
  Stamp mark(FiberClock& fiber);

  // Hard releases so far, of those behind a mark one: between two of them nobody learns of the
  // fiber's moments.
  [[nodiscard]] std::uint32_t releases() const { return releases_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  // Tells fibers apart whose ids, or lanes, are the same.
  [[nodiscard]] std::uint64_t serial() const { return serial_; }

 private:
  void learn(const Clock& clock) {
    if (clock_.join(clock)) ++version_;
  }
  void publish();
  void add_marked(Clock& to) const {
    if (marked_ != 0) to.set(stamp_lane(marked_), stamp_epoch(marked_));
  }

  static inline constinit std::atomic<std::uint64_t> serials_{0};

  Clock clock_;
  Stamp marked_ = 0;
  bool is_published_ = true;  // the last mark
  std::uint32_t version_ = 1;
  std::uint32_t releases_ = 0;
  // relaxed: only distinctness counts.
  std::uint64_t serial_ = serials_.fetch_add(1, std::memory_order_relaxed) + 1;
  // What was acquired last.
  std::uint64_t acquired_serial_ = 0;
  std::uint32_t acquired_version_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_HARD_PAST_H
