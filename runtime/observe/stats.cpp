// The numbers of debug.h, from the counters and the queues.
#include "fiber/debug.h"
#include "runtime/observe/counters.h"
#include "runtime/scheduler.h"
#include "runtime/stack_pool.h"
#include "runtime/worker_threads.h"
#include "runtime/world/deadlock_check.h"

namespace fiber {
namespace internal {
namespace {

static_assert(Histogram::kBuckets == LogHistogram::kBuckets);
static_assert(Histogram::bound(0) == LogHistogram::bound(0));

void add(Histogram& to, const LogHistogram& from) {
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    to.counts[i] += from.count(i);
    to.count += from.count(i);
  }
  to.sum_nanoseconds += from.sum();
}

void add(Stats& to, const Counters& from) {
#define FIBER_COUNTER(id, member, metric, help) to.member += from.get(Counter::id);
#include "runtime/observe/counters.def"
#undef FIBER_COUNTER
  add(to.lifetime, from.lifetimes);
  add(to.run_queue_delay, from.latencies);
}

uint64_t at_most(uint64_t value, uint64_t limit) { return value < limit ? value : limit; }

// `live` was read before, so a fiber that ends meanwhile may still be counted.
void read_present(Stats& stats) {
  stats.processors = scheduler.processor_count();
  stats.processors_idle = at_most(scheduler.idle.idle(), stats.processors);
  stats.threads = worker_threads.count();
  stats.threads_spinning = scheduler.idle.spinning();
  uint64_t runnable = scheduler.global.size();
  uint64_t running = 0;
  for (uint32_t i = 0; i < scheduler.processors_ever(); ++i) {
    Processor& processor = scheduler.processor(i);
    stats.timers_armed += processor.timers.size();
    runnable += processor.queue.ring_size() + (processor.queue.peek_next() != nullptr ? 1 : 0);
  }
  for (uint32_t i = 0; i < worker_threads.highest(); ++i) {
    const Worker* worker = worker_threads.worker(i);
    if (worker != nullptr && worker->running_fiber()) ++running;
  }
  stats.fibers_running = at_most(running, stats.fibers_live);
  stats.fibers_runnable = at_most(runnable, stats.fibers_live - stats.fibers_running);
  stats.fibers_waiting = stats.fibers_live - stats.fibers_running - stats.fibers_runnable;
}

}  // namespace

}  // namespace internal

Stats stats() {
  using namespace internal;
  Stats stats;
  stats.fibers_stopped = scheduler.stopped_fibers();
  for (uint32_t i = 0; i < Scheduler::kMostProcessors; ++i) {
    const Processor* processor = scheduler.processor_if_any(i);
    if (processor == nullptr) break;
    add(stats, processor->counters);
  }
  add(stats, shared_counters());
  add(stats.deadlock_pause, deadlock_checks.pauses());
  const StackPool::Extent extent = stack_pool().extent();
  stats.stacks = extent.stacks;
  stats.stack_addresses_bytes = extent.bytes;
  const uint64_t gone = stats.fibers_ended + stats.fibers_stopped;
  stats.fibers_live = stats.fibers_created > gone ? stats.fibers_created - gone : 0;
  if (stats.fibers_live != 0) internal::read_present(stats);
  return stats;
}

}  // namespace fiber
