// world.h: a fiber program in one thread, told to the clock and to the oracle at once.
//
// Input:    what fibers do, in the order in which it happens.
// Output:   for every access and every earlier access of its cell: do the two agree
//           whether they are ordered?
// State:    an unbounded history of stamps for each cell, so that only the clock layer
//           is judged and never what shadow memory has room for.
// Threads:  one; uses the process-wide lane_table and resets it at the end.
#ifndef FIBERSAN_TESTS_MODEL_WORLD_H
#define FIBERSAN_TESTS_MODEL_WORLD_H

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "detector/clock/fiber_clock.h"
#include "detector/clock/lane_round.h"
#include "tests/model/oracle.h"

namespace fibersan::model {

using CellId = std::size_t;

// Ordered pairs of accesses to one cell, as the two sides see them.
struct Tally {
  std::uint64_t compared = 0;
  std::uint64_t unordered = 0;  // by the oracle
  std::uint64_t missed = 0;     // unordered, but the clock calls them ordered
  std::uint64_t invented = 0;   // ordered, but the clock calls them unordered
  std::uint64_t fibers = 0;
  std::uint64_t lanes = 0;  // different ones that those fibers used
  Forgotten forgotten{};
  std::string first_disagreement;

  [[nodiscard]] bool forgot_nothing() const {
    return forgotten.lanes_reused + forgotten.fibers_without_lane + forgotten.epochs_exhausted == 0;
  }
};

class World {
 public:
  explicit World(unsigned processors, LaneId lane_budget = kLaneLimit);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  static constexpr FiberId kMain = 0;
  // Runs for the first time with its first operation, on `processor`.
  FiberId spawn(FiberId parent, unsigned processor = 0);
  void end(FiberId fiber);
  [[nodiscard]] bool ended(FiberId fiber) const { return fibers_[fiber]->ended; }

  void acquire(FiberId fiber, SyncId sync);
  void release(FiberId fiber, SyncId sync);
  void merge(FiberId fiber, SyncId sync);
  void swap(FiberId fiber, SyncId sync);
  void destroy(SyncId sync);

  void write(FiberId fiber, CellId cell) { access(fiber, cell, AccessKind::kWrite); }
  void read(FiberId fiber, CellId cell) { access(fiber, cell, AccessKind::kRead); }
  // The cell's memory is given back: its history ends.
  void forget(CellId cell) { cells_.erase(cell); }
  // A step of the lane collector: begins a round, looks at half of the cells, or frees every lane
  // that was retired all the time and was seen nowhere.
  void collect();

  [[nodiscard]] Tally tally() const;
  [[nodiscard]] const FiberClock& clock(FiberId fiber) const { return fibers_[fiber]->clock; }
  [[nodiscard]] Sync& sync(SyncId id) { return syncs_[id]; }

 private:
  struct Fiber {
    FiberClock clock;
    SpawnSnapshot snapshot;
    unsigned processor = 0;
    bool ended = false;
  };
  struct Access {
    Oracle::Access truth;
    Stamp stamp;
  };

  void begin_collection();
  void scan_some(std::size_t cells);
  FiberClock& running(FiberId fiber);
  void access(FiberId fiber, CellId cell, AccessKind kind);
  void compare(const Access& earlier, FiberId later, CellId cell);

  unsigned processors_;
  Oracle oracle_;
  std::deque<std::unique_ptr<Fiber>> fibers_;
  std::map<SyncId, Sync> syncs_;
  std::map<CellId, std::vector<Access>> cells_;
  Tally tally_;
  LaneRound round_;
  std::vector<CellId> to_scan_;
  bool collecting_ = false;
};

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_WORLD_H
