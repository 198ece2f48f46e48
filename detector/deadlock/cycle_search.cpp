#include "detector/deadlock/cycle_search.h"

#include <new>

#include "detector/clock/sized_memory.h"
#include "detector/clock/slab.h"

namespace fibersan {

namespace {

constinit Slab found_slab(32);

uint64_t mixed(const LockNode& held, const LockNode& taken) {
  uint64_t hash = (held.id * 0x9e3779b97f4a7c15u) ^ taken.id;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
  return hash ^ hash >> 32;
}

bool exclude_each_other(const LockPattern& a, const LockPattern& b) {
  for (const PatternLock& one : a.held()) {
    if (one.node == nullptr) continue;
    for (const PatternLock& other : b.held()) {
      if (one.node == other.node && (one.write || other.write)) return true;
    }
  }
  return false;
}

bool are_ordered(const Acquisition& a, const Acquisition& b) {
  return a.is_before(b.hard) || b.is_before(a.hard);
}

}  // namespace

LockCycle* LockCycle::make(uint32_t length) {
  void* const memory = allocate_sized(sizeof(LockCycle) + length * sizeof(LockCycleStep));
  auto* const cycle = new (memory) LockCycle;
  cycle->length = length;
  for (LockCycleStep& step : cycle->steps()) new (&step) LockCycleStep;
  return cycle;
}

void LockCycle::free(LockCycle* cycle) {
  free_sized(cycle, sizeof(LockCycle) + cycle->length * sizeof(LockCycleStep));
}

LockCycle* CycleSearch::find(LockPattern& newest) {
  LockCycle* first = nullptr;
  looks_ = 0;
  steps_[0] = {nullptr, nullptr, &newest, newest.newest};
  steps_[1] = {};
  depth_ = 1;
  while (depth_ > 0) {
    if (!advance()) {
      --depth_;
      continue;
    }
    const Step& step = steps_[depth_];
    if (const PatternLock* const closing = closes(*step.pattern)) {
      if (was_found(key_with(*step.pattern))) continue;
      LockCycle* const made = cycle(*closing);
      made->next = first;
      first = made;
    } else if (depth_ + 1 < kMostLocks) {
      steps_[++depth_] = {};
    } else {
      ++broken_off_;
    }
  }
  if (looks_ > kMostSteps) ++broken_off_;
  return first;
}

// The next candidate for steps_[depth_]. False: there is none.
bool CycleSearch::advance() {
  Step& step = steps_[depth_];
  for (;;) {
    if (step.acquisition != nullptr) step.acquisition = step.acquisition->next;
    while (step.acquisition == nullptr) {
      if (!next_link(step)) return false;
      if (!fits(*step.link)) continue;
      step.pattern = step.link->pattern;
      step.acquisition = step.pattern->newest;
    }
    if (++looks_ > kMostSteps) return false;
    if (fits(*step.acquisition)) return true;
  }
}

bool CycleSearch::next_link(Step& step) {
  if (++looks_ > kMostSteps) return false;
  if (step.link != nullptr) step.link = step.link->of_edge.next;
  while (step.link == nullptr) {
    step.edge =
        step.edge == nullptr ? steps_[depth_ - 1].pattern->taken->out : step.edge->of_held.next;
    if (step.edge == nullptr) return false;
    step.link = step.edge->patterns;
  }
  return true;
}

// Y1, Y2 without the fibers.
bool CycleSearch::fits(const PatternLock& link) const {
  const LockPattern& pattern = *link.pattern;
  if (!link.write && !steps_[depth_ - 1].pattern->write) return false;
  if (!pattern.taken->is_on_cycle) return false;
  for (uint32_t i = 0; i < depth_; ++i) {
    if (steps_[i].pattern->taken == pattern.taken) return false;
    if (exclude_each_other(*steps_[i].pattern, pattern)) return false;
  }
  return true;
}

// Y2 of the fibers, Y3
bool CycleSearch::fits(const Acquisition& acquisition) const {
  for (uint32_t i = 0; i < depth_; ++i) {
    const Acquisition& other = *steps_[i].acquisition;
    if (other.serial == acquisition.serial || are_ordered(other, acquisition)) return false;
  }
  return true;
}

// The lock that the first step holds and `pattern` takes. Null: it takes another one.
const PatternLock* CycleSearch::closes(const LockPattern& pattern) const {
  for (const PatternLock& held : steps_[0].pattern->held()) {
    if (held.node == pattern.taken && (held.write || pattern.write)) return &held;
  }
  return nullptr;
}

// Of the edges that are chosen, wherever the cycle begins.
uint64_t CycleSearch::key_with(const LockPattern& last) const {
  uint64_t key = mixed(*last.taken, *steps_[0].pattern->taken);
  for (uint32_t i = 1; i <= depth_; ++i)
    key += mixed(*steps_[i].link->node, *steps_[i].pattern->taken);
  return key;
}

// Y4
bool CycleSearch::was_found(uint64_t key) {
  static_assert(sizeof(Found) <= 32);
  if (found_.find(key) != nullptr) return true;
  auto* const found = new (found_slab.allocate()) Found;
  found->key = key;
  // Without memory it may be found again, and reported once all the same.
  if (!found_.add(*found)) found_slab.free(found);
  return false;
}

LockCycle* CycleSearch::cycle(const PatternLock& closing) const {
  LockCycle* const result = LockCycle::make(depth_ + 1);
  for (uint32_t i = 0; i <= depth_; ++i) {
    const Step& step = steps_[i];
    const PatternLock& held = i == 0 ? closing : *step.link;
    result->steps()[i] = {
        .held = held.node->lock(),
        .taken = step.pattern->taken->lock(),
        .held_for_writing = held.write,
        .taken_for_writing = step.pattern->write,
        .fiber_id = step.acquisition->fiber_id,
        .held_at = step.acquisition->held_at[&held - step.pattern->held_locks],
        .taken_at = step.acquisition->at,
    };
  }
  return result;
}

}  // namespace fibersan
