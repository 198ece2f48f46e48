// acquisitions.h: who took which lock while holding which others.
//
// Input:    a lock that is taken within others; locks that are no more.
// State:    a pattern for each set of held locks and lock taken within it, with the last such
//           acquisition of each fiber.
// Cost:     a look-up for each lock held and one of the pattern; a walk over its acquisitions.
// Threads:  under one lock of the owner's.
// Not here: whether they can block each other for ever, see cycle_search.h.
//
// Invariants
//   Q1  Of a fiber the last acquisition stands for all: whoever is ordered after it is ordered
//       after the others.
//   Q2  Of more than kFew, those are dropped that a newer one of another fiber is ordered after;
//       of more than kMost the oldest, which is counted.
//   Q3  A lock that is no more leaves its patterns, and no later lock is taken for it.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_ACQUISITIONS_H
#define FIBERSAN_DETECTOR_DEADLOCK_ACQUISITIONS_H

#include <cstdint>
#include <span>

#include "detector/clock/hard_past.h"
#include "detector/clock/stamp.h"
#include "detector/deadlock/lock_graph.h"
#include "detector/history/held_lock.h"

namespace fibersan {

// A lock that is being taken, as its fiber sees it.
struct NestedLock {
  const void* lock;
  bool write;
  StackId at;
  std::span<const HeldLock> held;  // without `lock`
  uint64_t fiber_id;
  Stamp stamp;
  const HardPast& past;
};

struct Acquisition {
  Acquisition* next = nullptr;  // an older one
  uint64_t serial = 0;          // of its fiber's past
  uint64_t fiber_id = 0;
  Stamp stamp = 0;
  StackId at = 0;
  Clock hard;                  // what the fiber was ordered after, by hard edges
  StackId* held_at = nullptr;  // where it had taken those of LockPattern::held

  [[nodiscard]] bool is_before(const Clock& others_past) const {
    return others_past.knows(stamp_lane(stamp), stamp_epoch(stamp));
  }
};

// One of the locks held.
struct PatternLock {
  LockNode* node = nullptr;  // null: it is no more
  LockEdge* edge = nullptr;
  Link<PatternLock> of_edge;
  LockPattern* pattern = nullptr;
  bool write = true;
};

struct LockPattern {
  uint64_t key = 0;
  Link<LockPattern> in_table;
  LockNode* taken = nullptr;
  Link<LockPattern> of_taken;
  bool write = true;  // takes it for writing
  uint32_t held_count = 0;
  uint32_t acquisition_count = 0;
  PatternLock* held_locks = nullptr;
  Acquisition* newest = nullptr;

  [[nodiscard]] std::span<PatternLock> held() const { return {held_locks, held_count}; }
};

class Acquisitions {
 public:
  static constexpr uint32_t kFew = 8;
  static constexpr uint32_t kMost = 64;

  constexpr Acquisitions() = default;

  // The pattern, whose newest acquisition is this one. Null: there is no memory (counted).
  LockPattern* note(const NestedLock& nested);
  // False: it was in no pattern.
  bool forget(const void* lock);  // Q3

  [[nodiscard]] bool knows(const void* lock) const { return graph_.find(lock) != nullptr; }
  [[nodiscard]] uint64_t dropped() const { return dropped_; }
  [[nodiscard]] const LockGraph& graph() const { return graph_; }
  [[nodiscard]] size_t patterns() const { return patterns_.size(); }

 private:
  LockPattern* make_pattern(const NestedLock& nested, uint64_t key);
  void remember(LockPattern& pattern, const NestedLock& nested);
  void make_room(LockPattern& pattern, const Clock& past);
  static void drop(LockPattern& pattern, Acquisition*& link);
  void remove_lock(PatternLock& lock);
  void remove(LockPattern& pattern);

  LockGraph graph_;
  KeyTable<LockPattern> patterns_;
  uint64_t dropped_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_ACQUISITIONS_H
