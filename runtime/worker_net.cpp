// The worker's side of the network poller: who polls when, and what becomes of the fibers.
//
// A worker polls without waiting when its own queues are empty. The keeper of idle.h sleeps in
// poll() until the next timer. The monitor polls when nobody has for 10 ms.
#include "runtime/net/poller.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"

namespace fiber::internal {

void Worker::unpark() {
  if (!parker_.leave_token()) return;
  // seq_cst: between the token and polling_, against sleep_in_poll() which goes the other way
  // round: either it sees the token or we see where it sleeps.
  full_fence();
  if (polling_.load(std::memory_order_relaxed)) {
    poller.interrupt();
  } else {
    parker_.wake();
  }
}

void Worker::enqueue_edges(Poller::Ready& edges) {
  const bool several = edges.left() > 1;
  Counters& counters = processor_->counters;
  TraceSpan span(TraceKind::kNetPoll);
  span.set_argument(edges.left());
  counters.add(Counter::kNetWakes, edges.left());
  while (Fiber* fiber = edges.take()) {
    if (fiber->state.wake() != NextStep::kEnqueue) continue;
    fiber_runnable(&counters, fiber, Runnable::kWoken);
    scheduler.enqueue_last(*processor_, fiber);
  }
  if (several && scheduler.processor_count() > 1) scheduler.idle.work_published();
}

// True when fibers were put into our queue.
bool Worker::poll_network() {
  if (!poller.in_use()) return false;
  Poller::Ready edges;
  processor_->counters.add(Counter::kNetPolls);
  poller.poll(Poller::kNoWait, edges);
  if (edges.left() == 0) return false;
  enqueue_edges(edges);
  return true;
}

// The worker is parked, without a processor, and the keeper.
void Worker::sleep_in_poll(Clock::time_point deadline) {
  if (!poller.begin_sleep()) {
    parker_.park(deadline);
    return;
  }
  Poller::Ready edges;
  polling_.store(true, std::memory_order_relaxed);
  full_fence();  // pairs with unpark()
  count(Counter::kNetPolls);
  if (!parker_.take_token()) poller.poll(deadline, edges);
  polling_.store(false, std::memory_order_relaxed);
  poller.end_sleep();
  // What it asked for comes now. A token that comes later ends the next sleep.
  static_cast<void>(parker_.take_token());
  if (edges.left() == 0) return;
  if (scheduler.idle.leave(*this)) {
    enqueue_edges(edges);
  } else {
    edges.publish();  // every processor is busy, and will come by
  }
}

}  // namespace fiber::internal
