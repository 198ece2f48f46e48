#include "detector/deadlock/acquisitions.h"

#include <new>

#include "detector/clock/check.h"
#include "detector/clock/sized_memory.h"
#include "detector/clock/slab.h"

namespace fibersan {

namespace {

constinit Slab pattern_slab(sizeof(LockPattern));
constinit Slab acquisition_slab(sizeof(Acquisition));

uint64_t mixed(uint64_t id, bool write) {
  uint64_t hash = (id * 2 + (write ? 1 : 0)) * 0x9e3779b97f4a7c15u;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93u;
  return hash ^ hash >> 32;
}

// In whatever order they were taken.
bool is_same_set(const LockPattern& pattern, const NestedLock& nested) {
  return pattern.held_count == nested.held.size() && pattern.write == nested.write &&
         pattern.taken->lock() == nested.lock;
}

// Mostly they are in one order.
StackId where_held(std::span<const HeldLock> held, size_t likely, const PatternLock& lock) {
  if (lock.node == nullptr) return 0;
  const void* const address = lock.node->lock();
  if (likely < held.size() && held[likely].lock == address) return held[likely].acquired;
  for (const HeldLock& one : held) {
    if (one.lock == address) return one.acquired;
  }
  return 0;
}

void note_stacks(const LockPattern& pattern, const NestedLock& nested, Acquisition& acquisition) {
  acquisition.at = nested.at;
  for (uint32_t i = 0; i < pattern.held_count; ++i)
    acquisition.held_at[i] = where_held(nested.held, i, pattern.held_locks[i]);
}

}  // namespace

LockPattern* Acquisitions::note(const NestedLock& nested) {
  LockNode* const taken = graph_.find_or_make(nested.lock);
  uint64_t key = 0;
  for (const HeldLock& held : nested.held) {
    LockNode* const node = graph_.find_or_make(held.lock);
    if (node == nullptr || taken == nullptr) {
      ++dropped_;
      return nullptr;
    }
    key += mixed(node->id, held.write);
  }
  key = key * 3 + mixed(taken->id, nested.write);
  LockPattern* pattern =
      patterns_.find(key, [&](const LockPattern& known) { return is_same_set(known, nested); });
  if (pattern == nullptr) pattern = make_pattern(nested, key);
  if (pattern != nullptr) remember(*pattern, nested);
  return pattern;
}

LockPattern* Acquisitions::make_pattern(const NestedLock& nested, uint64_t key) {
  auto* const pattern = new (pattern_slab.allocate()) LockPattern;
  pattern->key = key;
  if (!patterns_.add(*pattern)) {
    pattern_slab.free(pattern);
    ++dropped_;
    return nullptr;
  }
  pattern->taken = graph_.find_or_make(nested.lock);
  put_first<&LockPattern::of_taken>(pattern->taken->taken_by, *pattern);
  pattern->write = nested.write;
  pattern->held_count = static_cast<uint32_t>(nested.held.size());
  pattern->held_locks =
      static_cast<PatternLock*>(allocate_sized(nested.held.size() * sizeof(PatternLock)));
  for (uint32_t i = 0; i < pattern->held_count; ++i) {
    auto* const lock = new (&pattern->held_locks[i]) PatternLock;
    lock->node = graph_.find_or_make(nested.held[i].lock);
    lock->pattern = pattern;
    lock->write = nested.held[i].write;
    lock->edge = &graph_.connect(*lock->node, *pattern->taken);
    put_first<&PatternLock::of_edge>(lock->edge->patterns, *lock);
  }
  return pattern;
}

void Acquisitions::remember(LockPattern& pattern, const NestedLock& nested) {
  Acquisition** link = &pattern.newest;
  while (*link != nullptr && (*link)->serial != nested.past.serial()) link = &(*link)->next;
  Acquisition* own = *link;
  if (own == nullptr) {
    if (pattern.acquisition_count >= kFew) make_room(pattern, nested.past.clock());
    own = new (acquisition_slab.allocate()) Acquisition;
    own->serial = nested.past.serial();
    own->fiber_id = nested.fiber_id;
    own->held_at = static_cast<StackId*>(allocate_sized(pattern.held_count * sizeof(StackId)));
    ++pattern.acquisition_count;
  } else {
    *link = own->next;
  }
  own->next = pattern.newest;
  pattern.newest = own;
  own->stamp = nested.stamp;
  own->hard = nested.past.clock();
  note_stacks(pattern, nested, *own);
}

void Acquisitions::make_room(LockPattern& pattern, const Clock& past) {  // Q2
  for (Acquisition** link = &pattern.newest; *link != nullptr;) {
    if ((*link)->is_before(past)) {
      drop(pattern, *link);
    } else {
      link = &(*link)->next;
    }
  }
  if (pattern.acquisition_count < kMost) return;
  Acquisition** link = &pattern.newest;
  FIBERSAN_CHECK(*link != nullptr, pattern.acquisition_count);
  while ((*link)->next != nullptr) link = &(*link)->next;
  drop(pattern, *link);
  ++dropped_;
}

void Acquisitions::drop(LockPattern& pattern, Acquisition*& link) {
  Acquisition* const dropped = link;
  link = dropped->next;
  --pattern.acquisition_count;
  free_sized(dropped->held_at, pattern.held_count * sizeof(StackId));
  dropped->~Acquisition();
  acquisition_slab.free(dropped);
}

void Acquisitions::remove_lock(PatternLock& lock) {
  FIBERSAN_CHECK(lock.edge != nullptr, lock.node != nullptr);
  LockEdge& edge = *lock.edge;
  take_out<&PatternLock::of_edge>(lock);
  if (edge.patterns == nullptr) graph_.remove(edge);
  lock.node = nullptr;
  lock.edge = nullptr;
}

void Acquisitions::remove(LockPattern& pattern) {
  for (PatternLock& lock : pattern.held()) {
    if (lock.node != nullptr) remove_lock(lock);
  }
  while (pattern.newest != nullptr) drop(pattern, pattern.newest);
  free_sized(pattern.held_locks, pattern.held_count * sizeof(PatternLock));
  take_out<&LockPattern::of_taken>(pattern);
  patterns_.remove(pattern);
  pattern_slab.free(&pattern);
}

bool Acquisitions::forget(const void* lock) {
  LockNode* const node = graph_.find(lock);
  if (node == nullptr) return false;
  while (node->taken_by != nullptr) remove(*node->taken_by);
  while (node->out != nullptr) {
    LockEdge& edge = *node->out;
    LockPattern& pattern = *edge.patterns->pattern;
    remove_lock(*edge.patterns);  // and the edge with the last one: G2
    bool holds_others = false;
    for (const PatternLock& held : pattern.held()) holds_others |= held.node != nullptr;
    if (!holds_others) remove(pattern);
  }
  graph_.remove(*node);
  return true;
}

}  // namespace fibersan
