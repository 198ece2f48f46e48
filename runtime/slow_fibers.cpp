#include "runtime/slow_fibers.h"

#include "runtime/fiber.h"
#include "runtime/observe/running_stacks.h"
#include "runtime/processor.h"
#include "runtime/thread_time.h"
#include "runtime/worker.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kPause(5);
constexpr nanoseconds kNoise = milliseconds(1);

// False: it runs something else by now, or does not answer.
bool tell(const Worker& worker, fsan_finding_kind kind, nanoseconds time) {
  const Fiber* fiber = worker.current();
  if (fiber == nullptr) return false;
  constexpr size_t kFrames = 64;
  void* frames[kFrames];
  const uint64_t id = fiber->id;
  size_t count = 0;
  {
    RunningStacks stacks;
    count = stacks.read(worker.thread_id(), id, frames, kFrames);
  }
  if (count == 0) return false;
  __fsan_fiber_was_slow(kind, nullptr, id, frames, count,
                        static_cast<uint64_t>(duration_cast<milliseconds>(time).count()));
  return true;
}

}  // namespace

void SlowFibers::start() {
  most_asleep_ = milliseconds(__fsan_warn_after_ms(FSAN_FINDING_BLOCKING_CALL));
  most_computing_ = milliseconds(__fsan_warn_after_ms(FSAN_FINDING_NEVER_YIELDS));
  stays_.clear();
}

Clock::time_point SlowFibers::look(Clock::time_point now) {
  if (most_asleep_.count() == 0 && most_computing_.count() == 0) return Clock::time_point::max();
  bool any = false;
  const uint32_t count = worker_threads.highest();
  if (stays_.size() < count) stays_.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (Worker* worker = worker_threads.worker(i)) any |= look_at(*worker, stays_[i], now);
  }
  return any ? now + kPause : Clock::time_point::max();
}

// S1
bool SlowFibers::has_slept(Stay& stay, int thread_id, int64_t computed,
                           Clock::time_point now) const {
  const bool asleep = sleeps_in_kernel(thread_id);
  const bool goes_on =
      asleep && stay.computed_asleep != 0 && nanoseconds(computed - stay.computed_asleep) < kNoise;
  stay.computed_asleep = asleep ? computed : 0;
  if (!goes_on) stay.asleep_since = now;
  return goes_on && now - stay.asleep_since >= most_asleep_;
}

// Whether a fiber runs there.
bool SlowFibers::look_at(Worker& worker, Stay& stay, Clock::time_point now) {
  const Fiber* fiber = worker.running_fiber() ? worker.current() : nullptr;
  const Processor* processor = worker.processor();
  // Without a processor, which was taken from it, it can only go on with the same fiber.
  const uint32_t dispatches = processor == nullptr
                                  ? stay.dispatches
                                  : processor->dispatches.load(std::memory_order_relaxed);
  const int64_t computed = fiber == nullptr ? 0 : computed_by(worker.thread_id());
  const bool same = fiber == stay.fiber && dispatches == stay.dispatches &&
                    (processor == nullptr || processor == stay.processor);
  if (fiber == nullptr || !same) {
    stay = Stay();
    stay.fiber = fiber;
    stay.processor = processor;
    stay.dispatches = dispatches;
    stay.computed_before = computed;
    return fiber != nullptr;
  }
  if (most_asleep_.count() != 0 && !stay.told_asleep &&
      has_slept(stay, worker.thread_id(), computed, now))
    stay.told_asleep = tell(worker, FSAN_FINDING_BLOCKING_CALL, now - stay.asleep_since);
  const nanoseconds computing(computed - stay.computed_before);  // S2
  if (most_computing_.count() != 0 && !stay.told_computing && computing >= most_computing_)
    stay.told_computing = tell(worker, FSAN_FINDING_NEVER_YIELDS, computing);
  return true;
}

}  // namespace fiber::internal
