// cycle_search.h: acquisitions that could block each other for ever, as the newest one makes them
// (the conditions of Havelund 2000: "GoodLock", for any number of locks; and hard edges).
//
// Input:    a pattern whose newest acquisition has just been noted.
// Output:   the cycles that it closes and that were not found before.
// State:    which cycles were found: 32 bytes each.
// Cost:     a backtracking search over the acquisitions of locks that are on a cycle of edges at
//           all, of at most kMostSteps looks; a search that is broken off is counted.
// Threads:  under the lock of the acquisitions.
//
// Invariants: of the acquisitions of a cycle
//   Y1  each takes a lock that the next one holds, one of the two for writing;
//   Y2  no two are the same fiber's, nor hold a lock in common (unless both for reading);
//   Y3  no two are ordered by hard edges.
//   Y4  A cycle of the same locks is found once, whoever they are taken by.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_CYCLE_SEARCH_H
#define FIBERSAN_DETECTOR_DEADLOCK_CYCLE_SEARCH_H

#include <cstdint>

#include "detector/deadlock/acquisitions.h"
#include "detector/deadlock/lock_cycle.h"

namespace fibersan {

class CycleSearch {
 public:
  static constexpr uint32_t kMostLocks = 256;
  static constexpr uint32_t kMostSteps = 1 << 16;

  constexpr CycleSearch() = default;

  // Null: none. The caller frees them.
  LockCycle* find(LockPattern& newest);
  [[nodiscard]] uint64_t broken_off() const { return broken_off_; }

 private:
  // An acquisition of the cycle, and how it was come to.
  struct Step {
    LockEdge* edge = nullptr;     // from the lock that the one before takes
    PatternLock* link = nullptr;  // that lock, as the pattern holds it
    LockPattern* pattern = nullptr;
    const Acquisition* acquisition = nullptr;
  };
  struct Found {
    uint64_t key = 0;
    Link<Found> in_table;
  };

  bool advance();
  bool next_link(Step& step);
  [[nodiscard]] bool fits(const PatternLock& link) const;
  [[nodiscard]] bool fits(const Acquisition& acquisition) const;
  [[nodiscard]] const PatternLock* closes(const LockPattern& pattern) const;
  [[nodiscard]] uint64_t key_with(const LockPattern& last) const;
  bool was_found(uint64_t key);
  LockCycle* cycle(const PatternLock& closing) const;

  Step steps_[kMostLocks];
  uint32_t depth_ = 0;  // of them that are chosen
  uint32_t looks_ = 0;
  KeyTable<Found> found_;
  uint64_t broken_off_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_CYCLE_SEARCH_H
