#include "runtime/observe/schedtrace.h"

#include <cinttypes>
#include <cstdio>
#include <string>

#include "runtime/observe/fiber_snapshot.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/options.h"
#include "runtime/scheduler.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {
namespace {

constexpr uint32_t kMostFibers = 1000;  // of one detailed look

// The monitor's, and of the run's thread before the monitor starts.
constinit Clock::time_point begun{};
constinit Clock::time_point next = TimerHeap::kNever;

std::chrono::milliseconds period() {
  return std::chrono::milliseconds(observe_options().schedtrace);
}

uint32_t queue_length(const Processor& processor) {
  return processor.queue.ring_size() + (processor.queue.peek_next() != nullptr ? 1 : 0);
}

void print_line(int64_t milliseconds) {
  const uint32_t processors = scheduler.processor_count();
  uint32_t busy = 0;
  std::string queues;
  for (uint32_t i = 0; i < processors; ++i) {
    const Processor& processor = scheduler.processor(i);
    if (processor.worker.load(std::memory_order_relaxed) != nullptr) ++busy;
    queues += (i == 0 ? "" : " ") + std::to_string(queue_length(processor));
  }
  const uint32_t workers = worker_threads.count();
  std::fprintf(stderr,
               "SCHED %" PRId64
               "ms: procs=%u idle=%u threads=%u spinning=%u idlethreads=%u runqueue=%zu [%s]\n",
               milliseconds, processors, scheduler.idle.idle(), workers + 1,
               scheduler.idle.spinning(), workers > busy ? workers - busy : 0,
               scheduler.global.size(), queues.c_str());
}

// What other threads write is stale at once.
__attribute__((no_sanitize("thread"))) void print_threads() {
  for (uint32_t i = 0; i < scheduler.processor_count(); ++i) {
    const Processor& processor = scheduler.processor(i);
    const Worker* worker = processor.worker.load(std::memory_order_acquire);  // IdleSet::assign()
    std::fprintf(stderr, "  P%u: %s dispatches=%u thread=%d runqueue=%u freestacks=%u\n", i,
                 worker == nullptr ? "idle" : "running",
                 processor.dispatches.load(std::memory_order_relaxed),
                 worker == nullptr ? -1 : static_cast<int>(worker->index()),
                 queue_length(processor), processor.stacks.count);
  }
  for (uint32_t i = 0; i < worker_threads.highest(); ++i) {
    const Worker* worker = worker_threads.worker(i);
    if (worker == nullptr || worker->thread_id() == 0) continue;
    const Processor* processor = worker->processor();
    const Fiber* fiber = worker->current();
    std::fprintf(stderr, "  M%u: tid=%d p=%d fiber=%" PRId64 "\n", i, worker->thread_id(),
                 processor == nullptr ? -1 : static_cast<int>(processor->index),
                 fiber == nullptr ? -1 : static_cast<int64_t>(fiber->id));
  }
}

const char* status_text(const FiberSnapshot& fiber) {
  switch (fiber.state) {
    case FiberState::kRunnable:
      return "runnable";
    case FiberState::kParked:
    case FiberState::kInCall:
      return wait_reason_text(fiber.reason);
    default:
      return "running";
  }
}

void print_fibers() {
  uint32_t printed = 0;
  uint32_t left_out = 0;
  const auto print_one = [&](Stack* stack) {
    FiberSnapshot fiber;
    if (!snapshot_fiber(stack, fiber)) return;
    if (printed == kMostFibers) {
      ++left_out;
      return;
    }
    ++printed;
    std::fprintf(stderr, "  F%" PRIu64 ": %s%s%s%s\n", fiber.id, status_text(fiber),
                 fiber.name[0] == '\0' ? "" : " '", fiber.name, fiber.name[0] == '\0' ? "" : "'");
  };
  stack_pool().for_each(
      [](Stack* stack, void* print) { (*static_cast<decltype(print_one)*>(print))(stack); },
      const_cast<void*>(static_cast<const void*>(&print_one)));
  if (left_out != 0) std::fprintf(stderr, "  and %u more fibers\n", left_out);
}

}  // namespace

void begin_schedtrace() {
  begun = Clock::now();
  next = observe_options().schedtrace == 0 ? TimerHeap::kNever : begun + period();
}

Clock::time_point print_due_schedtrace(Clock::time_point now) {
  if (now < next) return next;
  print_line(std::chrono::duration_cast<std::chrono::milliseconds>(now - begun).count());
  if (observe_options().scheddetail != 0) {
    print_threads();
    print_fibers();
  }
  // A late look delays one line; lines are not made up for.
  next += period();
  if (next <= now) next = now + period();
  return next;
}

}  // namespace fiber::internal
