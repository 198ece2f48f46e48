#include "detector/deadlock/wait_cycle.h"

#include <algorithm>

namespace fibersan {
namespace {

// What a fiber waits for, copied while it surely waits.
struct Wait {
  bool found = false;
  uint32_t turn = 0;
  fsan_wait_reason reason = FSAN_WAIT_SLEEP;
  const void* object = nullptr;
  uint64_t blocked_by = 0;
  bool holds_locks = false;
};

// Runs under the lock that keeps the fiber in memory. The turn is read around the rest (C1): an odd
// one that has not changed is a wait that goes on, in which nobody writes what is read here.
template <typename Read>
void while_it_waits(const fsan_fiber& fiber, Read read) {
  // acquire: what begins() has released. seq_cst: C3, our own begins() comes before.
  const uint32_t turn = fiber.waiting.turn.load(std::memory_order_seq_cst);
  if (turn % 2 == 0) return;
  read(turn);
}

void read_wait(const fsan_fiber& fiber, void* data) {
  while_it_waits(fiber, [&](uint32_t turn) {
    const Waiting& waiting = fiber.waiting;
    if (waiting.timed || waiting.count != 1 || !is_ring_reason(waiting.reason)) return;
    *static_cast<Wait*>(data) = {
        true, turn, waiting.reason, waiting.only, waiting.blocked_by, !fiber.held_locks.empty()};
  });
}

bool holds(const fsan_fiber& fiber, const void* lock) {
  const auto locks = fiber.held_locks.all();
  return std::any_of(locks.begin(), locks.end(),
                     [lock](const HeldLock& held) { return held.lock == lock; });
}

struct HolderSearch {
  const void* lock = nullptr;
  size_t count = 0;
  uint64_t holders[WaitCycle::kMostHolders] = {};
};

// Only a fiber that waits can be part of a ring.
void find_holder(const fsan_fiber& fiber, void* data) {
  auto& search = *static_cast<HolderSearch*>(data);
  while_it_waits(fiber, [&](uint32_t) {
    if (search.count < std::size(search.holders) && holds(fiber, search.lock))
      search.holders[search.count++] = fiber.info->id;
  });
}

class Search {
 public:
  Search(uint64_t first, WaitCycle& cycle) : first_(first), cycle_(cycle) {}

  // From `fiber` on, along who is in front, back to the first one.
  bool from(uint64_t fiber) {
    if (cycle_.count == WaitCycle::kMostFibers || is_on_the_way(fiber)) return false;
    Wait wait;
    visit_live_fiber(fiber, read_wait, &wait);
    if (!wait.found) return false;
    cycle_.links[cycle_.count++] = {fiber, wait.turn};
    if (leads_on(wait)) return true;
    --cycle_.count;
    return false;
  }

 private:
  bool is_on_the_way(uint64_t fiber) const {
    return std::any_of(cycle_.links, cycle_.links + cycle_.count,
                       [fiber](const WaitCycle::Link& link) { return link.fiber == fiber; });
  }

  bool to(uint64_t fiber) { return fiber == first_ || from(fiber); }

  bool leads_on(const Wait& wait) {
    if (is_end_wait(wait.reason)) return wait.blocked_by != 0 && to(wait.blocked_by);
    HolderSearch search;
    search.lock = wait.object;
    if (wait.blocked_by != 0) visit_live_fiber(wait.blocked_by, find_holder, &search);
    // Readers are not counted by name, and who was in front of a wait that began long ago may have
    // left. In front of the first fiber there is somebody who runs, mostly.
    const bool first = cycle_.count == 1;
    if (search.count == 0 && (!first || (wait.blocked_by == 0 && wait.holds_locks)))
      for_each_fiber(find_holder, &search);
    return std::any_of(search.holders, search.holders + search.count,
                       [this](uint64_t holder) { return to(holder); });
  }

  const uint64_t first_;
  WaitCycle& cycle_;
};

bool still_waits(const WaitCycle::Link& link) {
  Wait wait;
  visit_live_fiber(link.fiber, read_wait, &wait);
  return wait.found && wait.turn == link.turn;
}

}  // namespace

bool find_wait_cycle(const fsan_fiber& fiber, WaitCycle& cycle) {
  cycle.count = 0;
  return Search(fiber.info->id, cycle).from(fiber.info->id) &&
         std::all_of(cycle.links, cycle.links + cycle.count, still_waits);
}

}  // namespace fibersan
