#include "tests/model/world.h"

#include <utility>

namespace fibersan::model {

World::World(unsigned processors, LaneId lane_budget) : processors_(processors) {
  lane_table.set_budget(lane_budget);
  fibers_.push_back(std::make_unique<Fiber>());
  running(kMain);
}

World::~World() {
  for (auto& fiber : fibers_) {
    if (fiber->clock.started()) fiber->clock.end();
    fiber->snapshot = SpawnSnapshot();
  }
  lane_table.reset();
}

FiberClock& World::running(FiberId id) {
  Fiber& fiber = *fibers_[id];
  if (!fiber.clock.started())
    fiber.clock.start(std::move(fiber.snapshot), fiber.processor, /*owner=*/id);
  return fiber.clock;
}

FiberId World::spawn(FiberId parent, unsigned processor) {
  FiberClock& clock = running(parent);
  auto child = std::make_unique<Fiber>();
  child->snapshot = clock.spawn();
  child->processor = processor % processors_;
  fibers_.push_back(std::move(child));
  return oracle_.spawn(parent);
}

void World::end(FiberId fiber) {
  running(fiber).end();
  fibers_[fiber]->ended = true;
}

void World::acquire(FiberId fiber, SyncId sync) {
  running(fiber).acquire(syncs_[sync]);
  oracle_.acquire(fiber, sync);
}

void World::release(FiberId fiber, SyncId sync) {
  running(fiber).release(syncs_[sync]);
  oracle_.release(fiber, sync);
}

void World::merge(FiberId fiber, SyncId sync) {
  running(fiber).merge(syncs_[sync]);
  oracle_.merge(fiber, sync);
}

void World::swap(FiberId fiber, SyncId sync) {
  running(fiber).swap(syncs_[sync]);
  oracle_.swap(fiber, sync);
}

void World::destroy(SyncId sync) {
  syncs_.erase(sync);
  oracle_.destroy(sync);
}

void World::access(FiberId fiber, CellId cell, AccessKind kind) {
  FiberClock& clock = running(fiber);
  std::vector<Access>& history = cells_[cell];
  bool covered = false;
  const Stamp mine = clock.stamp() == 0 ? 0 : with_mask(with_kind(clock.stamp(), kind), 0xff);
  for (const Access& earlier : history) {
    compare(earlier, fiber, cell);
    covered = covered || covered_inline(earlier.stamp, mine);
  }
  if (mine != 0 && !covered) clock.touched();  // the pass makes no call when it is covered
  history.push_back({oracle_.access(fiber), mine});
}

void World::compare(const Access& earlier, FiberId later, CellId cell) {
  const bool truth = oracle_.ordered(earlier.truth, later);
  // An access without a stamp is in no shadow cell: nobody can be unordered with it.
  const bool seen = earlier.stamp == 0 || fibers_[later]->clock.covers(earlier.stamp);
  ++tally_.compared;
  if (!truth) ++tally_.unordered;
  if (truth == seen) return;
  ++(truth ? tally_.invented : tally_.missed);
  if (!tally_.first_disagreement.empty()) return;
  tally_.first_disagreement =
      std::string(truth ? "invented" : "missed") + ": cell " + std::to_string(cell) + ", fiber " +
      std::to_string(earlier.truth.fiber) + " as lane " +
      std::to_string(stamp_lane(earlier.stamp)) + " epoch " +
      std::to_string(stamp_epoch(earlier.stamp)) + ", then fiber " + std::to_string(later) +
      " as lane " + std::to_string(fibers_[later]->clock.lane()) + " epoch " +
      std::to_string(fibers_[later]->clock.epoch());
}

void World::begin_collection() {
  round_.begin();
  to_scan_.clear();
  for (const auto& [cell, history] : cells_) to_scan_.push_back(cell);
  collecting_ = true;
}

// A cell that came since begins with stamps of fibers that were alive then.
void World::scan_some(std::size_t cells) {
  for (; cells != 0 && !to_scan_.empty(); --cells) {
    const auto found = cells_.find(to_scan_.back());
    to_scan_.pop_back();
    if (found == cells_.end()) continue;  // its memory was given back
    for (const Access& access : found->second) round_.saw(access.stamp);
  }
}

void World::collect() {
  if (!collecting_) return begin_collection();
  const bool is_first_half = to_scan_.size() > 1;
  scan_some((to_scan_.size() + 1) / 2);
  if (is_first_half) return;
  while (round_.free_some(kBlockLanes)) {
  }
  collecting_ = false;
}

Tally World::tally() const {
  Tally result = tally_;
  result.fibers = fibers_.size();
  result.lanes = lane_table.lanes_created();
  result.forgotten = lane_table.forgotten();
  return result;
}

}  // namespace fibersan::model
