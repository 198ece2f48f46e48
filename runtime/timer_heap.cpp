#include "runtime/timer_heap.h"

#include <sched.h>

#include <algorithm>
#include <type_traits>

#include "runtime/check.h"
#include "runtime/observe/counters.h"
#include "runtime/observe/trace.h"

namespace fiber::internal {
namespace {

constexpr size_t kChildren = 4;  // half the depth of a binary heap, one cache line a step
constexpr size_t kCacheLine = 64;

int64_t nanoseconds(Clock::time_point time) {
  static_assert(std::is_same_v<Clock::duration, std::chrono::nanoseconds>);
  return time.time_since_epoch().count();
}

}  // namespace

// --- room ---

// The children of 0 begin at 1: heap_[1] is what has to be aligned.
void TimerHeap::Entries::grow() {
  static_assert(kChildren * sizeof(Entry) == kCacheLine);
  const size_t capacity = std::max<size_t>(2 * capacity_, 61);
  auto memory = std::make_unique<Entry[]>(capacity + 2 * kChildren);
  const uintptr_t start = reinterpret_cast<uintptr_t>(memory.get());
  const uintptr_t line = (start + kCacheLine - 1) / kCacheLine * kCacheLine;
  Entry* first = reinterpret_cast<Entry*>(line + kCacheLine) - 1;
  std::copy(first_, first_ + size_, first);
  memory_ = std::move(memory);
  first_ = first;
  capacity_ = capacity;
}

void TimerHeap::Entries::clear() {
  memory_.reset();
  first_ = nullptr;
  size_ = capacity_ = 0;
}

// --- order ---

void TimerHeap::place(size_t index, const Entry& entry) {
  heap_[index] = entry;
  if (!entry.for_good()) entry.get()->place_ = index;
}

void TimerHeap::sift_up(size_t hole, const Entry& entry) {
  while (hole > 0) {
    const size_t parent = (hole - 1) / kChildren;
    if (entry.deadline >= heap_[parent].deadline) break;
    place(hole, heap_[parent]);
    hole = parent;
  }
  place(hole, entry);
}

void TimerHeap::sift_down(size_t hole, const Entry& entry) {
  for (;;) {
    const size_t first = hole * kChildren + 1;
    if (first >= heap_.size()) break;
    const size_t end = std::min(first + kChildren, heap_.size());
    size_t best = first;
    for (size_t child = first + 1; child < end; ++child) {
      if (heap_[child].deadline < heap_[best].deadline) best = child;
    }
    if (heap_[best].deadline >= entry.deadline) break;
    place(hole, heap_[best]);
    hole = best;
  }
  place(hole, entry);
}

void TimerHeap::remove(size_t index) {
  const Entry gone = heap_[index];
  if (!gone.for_good()) gone.get()->place_ = Timer::kNotArmed;
  const Entry last = heap_.pop();
  if (index == heap_.size()) return;
  if (index > 0 && last.deadline < heap_[(index - 1) / kChildren].deadline) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

void TimerHeap::publish_deadline() {
  // Relaxed: read behind the lock or the fence of idle.h.
  next_deadline_.store(heap_.size() == 0 ? INT64_MAX : heap_[0].deadline,
                       std::memory_order_relaxed);
}

// --- arming and disarming ---

bool TimerHeap::arm_locked(Timer& timer, int64_t deadline, void (*fire)(Timer*), Use use) {
  // A timer for ever is armed all the same: kNever stands for an empty heap. Far below it, so
  // that others may add to a deadline.
  deadline = std::min(deadline, INT64_MAX / 2);
  timer.fire_ = fire;
  // relaxed: see lock_heap_of().
  timer.heap_.store(this, std::memory_order_relaxed);
  const bool first = heap_.size() == 0 || deadline < heap_[0].deadline;
  const uintptr_t tag = use == Use::kForGood ? 1 : 0;
  const Entry entry{deadline, reinterpret_cast<uintptr_t>(&timer) | tag};
  heap_.push(entry);
  sift_up(heap_.size() - 1, entry);
  if (first) publish_deadline();
  return first;
}

bool TimerHeap::arm(Timer& timer, Clock::time_point deadline, void (*fire)(Timer*), Use use) {
  // relaxed: who arms owns the timer, and nobody moves what is not armed.
  TimerHeap* before = timer.heap_.load(std::memory_order_relaxed);
  if (before != nullptr && before != this) {
    SpinGuard guard(before->lock_);
    if (before->firing_ == &timer)  // I4
      return before->arm_locked(timer, nanoseconds(deadline), fire, use);
  }
  SpinGuard guard(lock_);
  FIBERSAN_CHECK(timer.place_ == Timer::kNotArmed, timer.place_);
  return arm_locked(timer, nanoseconds(deadline), fire, use);
}

// Null when it was never armed. relaxed: the timer's owner reads what it has written itself,
// or what move_all_to() has written under the lock of the heap it names; if that is not the
// heap we lock we look again.
TimerHeap* TimerHeap::lock_heap_of(Timer& timer) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  for (;;) {
    TimerHeap* heap = timer.heap_.load(std::memory_order_relaxed);
    if (heap == nullptr) return nullptr;
    heap->lock_.lock();
    if (timer.heap_.load(std::memory_order_relaxed) == heap) return heap;
    heap->lock_.unlock();
  }
}

bool TimerHeap::cancel(Timer& timer) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  TimerHeap* heap = lock_heap_of(timer);
  if (heap == nullptr) return false;
  const bool armed = timer.place_ != Timer::kNotArmed;
  if (armed) {
    heap->remove(timer.place_);
    heap->publish_deadline();
  }
  heap->lock_.unlock();
  return armed;
}

bool TimerHeap::disarm(Timer& timer) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  bool prevented = false;
  for (;;) {
    TimerHeap* heap = lock_heap_of(timer);
    if (heap == nullptr) return false;
    if (timer.place_ != Timer::kNotArmed) {
      heap->remove(timer.place_);
      heap->publish_deadline();
      prevented = true;
    }
    const bool fires = heap->firing_ == &timer;
    heap->lock_.unlock();
    if (!fires) return prevented;
    sched_yield();
  }
}

// --- firing ---

// Up to a batch of timers that are due and armed for good; they end where another kind is due.
size_t TimerHeap::take_batch(int64_t now, Timer** batch) {
  size_t count = 0;
  while (count < kBatch && heap_.size() > 0) {
    const Entry& entry = heap_[0];
    if (entry.deadline > now || !entry.for_good()) break;
    Timer* timer = entry.get();
    __builtin_prefetch(timer);
    batch[count++] = timer;
    remove(0);
  }
  return count;
}

bool TimerHeap::fire_due(Clock::time_point time) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  TraceSpan span(TraceKind::kTimers);
  const int64_t now = nanoseconds(time);
  Timer* batch[kBatch];
  size_t fired = 0;
  lock_.lock();
  while (fired < kBatch && heap_.size() > 0 && heap_[0].deadline <= now) {
    if (const size_t count = take_batch(now, batch); count > 0) {
      publish_deadline();
      lock_.unlock();
      for (size_t i = 0; i < count; ++i) batch[i]->fire_(batch[i]);
      fired += count;
      lock_.lock();
      continue;
    }
    if (firing_ != nullptr) break;
    Timer* timer = heap_[0].get();
    remove(0);
    publish_deadline();
    firing_ = timer;
    void (*fire)(Timer*) = timer->fire_;
    lock_.unlock();
    fire(timer);  // `timer` may be gone afterwards (timers.h I1)
    ++fired;
    lock_.lock();
    firing_ = nullptr;
  }
  lock_.unlock();
  if (fired == 0) {
    span.cancel();
    return false;
  }
  count(Counter::kTimersFired, fired);
  span.set_argument(fired);
  return true;
}

// --- all at once ---

void TimerHeap::move_all_to(TimerHeap& other) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  TimerHeap* const order[] = {std::min(this, &other), std::max(this, &other)};
  for (;;) {
    order[0]->lock_.lock();
    order[1]->lock_.lock();
    if (firing_ == nullptr) break;  // I4: that timer has to stay
    order[1]->lock_.unlock();
    order[0]->lock_.unlock();
    sched_yield();
  }
  while (heap_.size() > 0) {
    const Entry entry = heap_.pop();
    if (!entry.for_good()) entry.get()->heap_.store(&other, std::memory_order_relaxed);
    other.heap_.push(entry);
    other.sift_up(other.heap_.size() - 1, entry);
  }
  heap_.clear();
  publish_deadline();
  other.publish_deadline();
  order[1]->lock_.unlock();
  order[0]->lock_.unlock();
}

void TimerHeap::clear() {
  SpinGuard guard(lock_);
  for (size_t i = 0; i < heap_.size(); ++i) {
    if (!heap_[i].for_good()) heap_[i].get()->place_ = Timer::kNotArmed;
  }
  heap_.clear();
  publish_deadline();
}

}  // namespace fiber::internal
