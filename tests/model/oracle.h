// oracle.h: happens-before as the textbook has it, one clock entry for each fiber.
//
// Input:    the same operations that a World makes on FiberClocks and Syncs.
// Output:   whether an earlier access happens before what a fiber does now.
// Cost:     O(fibers) for every operation; nothing is shared, skipped or reused.
// Not here: lanes, epoch rules, anything of detector/clock/.
//
// Fidge and Mattern's vector clocks with the epochs of FastTrack (PLDI 2009): an access
// is (fiber, that fiber's own entry), and every release ticks.
#ifndef FIBERSAN_TESTS_MODEL_ORACLE_H
#define FIBERSAN_TESTS_MODEL_ORACLE_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace fibersan::model {

using FiberId = std::size_t;
using SyncId = std::size_t;

class Oracle {
 public:
  using Knowledge = std::vector<std::uint32_t>;
  struct Access {
    FiberId fiber;
    std::uint32_t entry;
  };

  Oracle() { fibers_.push_back({1}); }

  FiberId spawn(FiberId parent) {
    const FiberId child = fibers_.size();
    fibers_.push_back(fibers_[parent]);
    raise(fibers_[child], child, 1);
    ++own(parent);
    return child;
  }
  void acquire(FiberId fiber, SyncId sync) { join(fibers_[fiber], syncs_[sync]); }
  void release(FiberId fiber, SyncId sync) {
    syncs_[sync] = fibers_[fiber];
    ++own(fiber);
  }
  void merge(FiberId fiber, SyncId sync) {
    join(syncs_[sync], fibers_[fiber]);
    ++own(fiber);
  }
  void swap(FiberId fiber, SyncId sync) {
    const Knowledge found = syncs_[sync];
    release(fiber, sync);
    join(fibers_[fiber], found);
  }
  void destroy(SyncId sync) { syncs_.erase(sync); }
  // What C++ fences do with the objects of relaxed operations.
  void copy(SyncId to, SyncId from) { syncs_[to] = syncs_[from]; }
  void add(SyncId to, SyncId from) { join(syncs_[to], syncs_[from]); }
  [[nodiscard]] bool has(SyncId sync) const { return syncs_.contains(sync); }

  Access access(FiberId fiber) { return {fiber, own(fiber)}; }
  bool ordered(const Access& earlier, FiberId later) const {
    const Knowledge& known = fibers_[later];
    return earlier.fiber < known.size() && known[earlier.fiber] >= earlier.entry;
  }

 private:
  static void raise(Knowledge& known, FiberId fiber, std::uint32_t entry) {
    if (known.size() <= fiber) known.resize(fiber + 1);
    known[fiber] = std::max(known[fiber], entry);
  }
  static void join(Knowledge& into, const Knowledge& from) {
    for (FiberId i = 0; i < from.size(); ++i)
      if (from[i] != 0) raise(into, i, from[i]);
  }
  std::uint32_t& own(FiberId fiber) { return fibers_[fiber][fiber]; }

  std::vector<Knowledge> fibers_;
  std::map<SyncId, Knowledge> syncs_;
};

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_ORACLE_H
