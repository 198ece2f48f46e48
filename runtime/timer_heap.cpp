#include "runtime/timer_heap.h"

#include <sched.h>

#include <algorithm>

#include "runtime/check.h"
#include "runtime/observe/counters.h"
#include "runtime/observe/trace.h"

namespace fiber::internal {
namespace {

constexpr size_t kChildren = 4;  // half the depth of a binary heap, one cache line a step

}  // namespace

// Equal deadlines fire in the order of arming.
bool TimerHeap::earlier(const Timer* a, const Timer* b) {
  return a->deadline_ != b->deadline_ ? a->deadline_ < b->deadline_ : a->order_ < b->order_;
}

void TimerHeap::place(Timer* timer, size_t index) {
  heap_[index] = timer;
  timer->place_ = index;
}

void TimerHeap::sift_up(Timer* timer, size_t hole) {
  while (hole > 0) {
    const size_t parent = (hole - 1) / kChildren;
    if (!earlier(timer, heap_[parent])) break;
    place(heap_[parent], hole);
    hole = parent;
  }
  place(timer, hole);
}

void TimerHeap::sift_down(Timer* timer, size_t hole) {
  for (;;) {
    const size_t first = hole * kChildren + 1;
    if (first >= heap_.size()) break;
    size_t best = first;
    for (size_t child = first + 1; child < first + kChildren && child < heap_.size(); ++child) {
      if (earlier(heap_[child], heap_[best])) best = child;
    }
    if (!earlier(heap_[best], timer)) break;
    place(heap_[best], hole);
    hole = best;
  }
  place(timer, hole);
}

void TimerHeap::remove(size_t index) {
  heap_[index]->place_ = Timer::kNotArmed;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (index < heap_.size()) {
    if (index > 0 && earlier(last, heap_[(index - 1) / kChildren])) {
      sift_up(last, index);
    } else {
      sift_down(last, index);
    }
  }
  publish_deadline();
}

void TimerHeap::publish_deadline() {
  const Clock::time_point first = heap_.empty() ? kNever : heap_[0]->deadline_;
  // Relaxed: read behind the lock or the fence of idle.h.
  next_deadline_.store(first.time_since_epoch().count(), std::memory_order_relaxed);
}

bool TimerHeap::arm(Timer& timer, Clock::time_point deadline, void (*fire)(Timer*)) {
  SpinGuard guard(lock_);
  FIBERSAN_CHECK(timer.place_ == Timer::kNotArmed, timer.place_);
  // A timer for ever is armed all the same: kNever stands for an empty heap.
  timer.deadline_ = std::min(deadline, kNever - Clock::duration(1));
  timer.order_ = armed_++;
  timer.fire_ = fire;
  heap_.push_back(&timer);
  sift_up(&timer, heap_.size() - 1);
  publish_deadline();
  return timer.place_ == 0;
}

bool TimerHeap::cancel(Timer& timer) {
  SpinGuard guard(lock_);
  if (timer.place_ == Timer::kNotArmed) return false;
  remove(timer.place_);
  return true;
}

bool TimerHeap::disarm(Timer& timer) {
  bool prevented = false;
  for (;;) {
    {
      SpinGuard guard(lock_);
      if (timer.place_ != Timer::kNotArmed) {
        remove(timer.place_);
        prevented = true;
      }
      if (firing_ != &timer) return prevented;
    }
    sched_yield();
  }
}

void TimerHeap::fire_due(Clock::time_point now) {
  TraceSpan span(TraceKind::kTimers);
  uint32_t fired = 0;
  lock_.lock();
  if (firing_ != nullptr) {
    lock_.unlock();
    span.cancel();
    return;
  }
  while (!heap_.empty() && heap_[0]->deadline_ <= now) {
    Timer* timer = heap_[0];
    remove(0);
    firing_ = timer;
    void (*fire)(Timer*) = timer->fire_;
    lock_.unlock();
    fire(timer);  // `timer` may be gone afterwards (timers.h I1)
    lock_.lock();
    firing_ = nullptr;
    ++fired;
  }
  lock_.unlock();
  count(Counter::kTimersFired, fired);
  span.set_argument(fired);
}

void TimerHeap::clear() {
  SpinGuard guard(lock_);
  for (Timer* timer : heap_) timer->place_ = Timer::kNotArmed;
  heap_.clear();
  publish_deadline();
}

}  // namespace fiber::internal
