// The begin and the end of a run; the library's side of run.h.
#include "fiber/run.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "fiber/error.h"
#include "fiber/go.h"
#include "runtime/cpus.h"
#include "runtime/fatal.h"
#include "runtime/fiber.h"
#include "runtime/fork.h"
#include "runtime/monitor.h"
#include "runtime/observe/fiber_events.h"
#include "runtime/observe/observation.h"
#include "runtime/options.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/worker_threads.h"
#include "runtime/world/deadlock_check.h"
#include "runtime/world/inspector.h"
#include "runtime/world/leak_scopes.h"
#include "runtime/world/stop_signal.h"

namespace fiber {
namespace internal {
namespace {

constinit std::atomic<bool> run_is_on{false};

// The threads beside the caller's; also ended when one of them cannot be started. The
// monitor is there before the first fiber: libstdc++ counts shared_ptr references without
// atomics until a second thread has been started, with procs=1 too.
class RunThreads {
 public:
  RunThreads(uint32_t processors, Clock::duration time_slice) {
    try {
      monitor.start(time_slice);
      for (uint32_t index = 1; index < processors; ++index)
        worker_threads.start(scheduler.processor(index), /*spinning=*/false);
    } catch (const std::system_error& e) {
      const uint32_t have = worker_threads.count();
      end();
      throw std::system_error(e.code(), "fiber: cannot start thread " + std::to_string(have) +
                                            " of " + std::to_string(processors) +
                                            "; lower FIBER_OPTIONS=procs");
    }
  }
  ~RunThreads() { end(); }
  RunThreads(const RunThreads&) = delete;
  RunThreads& operator=(const RunThreads&) = delete;

 private:
  // The monitor last: it goes on asking fibers that compute to stop.
  static void end() {
    if (!scheduler.stopping()) scheduler.stop();
    worker_threads.end_all();
    monitor.stop();
  }
};

struct MainCall {
  void (*call)(void*);
  void* context;
};

constexpr Closure kMainClosure = {sizeof(MainCall), alignof(MainCall),
                                  [](void* place, void* source) {
                                    *static_cast<MainCall*>(place) =
                                        *static_cast<MainCall*>(source);
                                  },
                                  [](void* place, JoinState*) FIBER_ENTRY_TEXT {
                                    const MainCall main = *static_cast<MainCall*>(place);
                                    main.call(main.context);
                                    leak_scopes.main_returns();
                                  }};

// Fibers that wait or are runnable stay where they are, their stacks with them: something
// that outlives the run may still point there.
void stop_fibers() {
  uint64_t stopped = 0;
  stack_pool().for_each(
      [](Stack* stack, void* count) {
        if (Fiber::at(stack)->state.stop()) ++*static_cast<uint64_t*>(count);
      },
      &stopped);
  scheduler.fibers_stopped(stopped);
}

void work_on_this_thread(Worker& worker) {
  // The caller may be handling an exception.
  SignalStack signal_stack;
  auto& exceptions = *reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  const ExceptionGlobals saved = exceptions;
  __fsan_processor_acquired(worker.index());
  worker.work();
  __fsan_processor_released(worker.index());
  exceptions = saved;
}

void run_once(const Settings& settings, MainCall main) {
  scheduler.prepare(settings.procs, settings.seed, settings.stack_class);
  scheduler.set_follows_machine(settings.procs_follow_machine);
  scheduler.set_migrates(settings.migrate);
  struct Finish {
    ~Finish() {
      deadlock_checks.run_ends();
      stop_fibers();
      __fsan_run_finished();
      scheduler.finish();
    }
  } finish;
  read_most_runnable();
  __fsan_inspected_by(&inspector);
  __fsan_run_started(settings.procs, settings.seed);
  deadlock_checks.run_begins();
  const HearsStops hears_stops;
  Worker& worker = worker_threads.adopt_caller(scheduler.processor(0), settings.max_threads);
  RunThreads threads(settings.procs, settings.time_slice);
  Fiber* fiber = create_fiber(nullptr, kMainClosure, &main, nullptr);
  // relaxed: before its first step.
  fiber->leak_scope.store(LeakScopes::of_this_thread(), std::memory_order_relaxed);
  scheduler.main_fiber = fiber;
  fiber->state.start();
  count(Counter::kFibersCreated);
  scheduler.global.push(fiber);
  work_on_this_thread(worker);
}

}  // namespace

void run_main(const Options& options, void (*call)(void*), void* context) {
  if (current_fiber() != nullptr) {
    throw Error("fiber: run() inside a fiber; start fibers with go() or spawn() instead");
  }
  if (in_forked_child()) {
    throw Error("fiber: run() in the child of a fork() that was called during a run");
  }
  const Settings settings = settings_for(options);
  // acquire [A1]: what the last run left. Pairs with [R1].
  if (run_is_on.exchange(true, std::memory_order_acquire)) {
    throw Error("fiber: run() while another thread is inside run(); one run at a time");
  }
  struct RunIsOver {
    // release [R1]: pairs with [A1].
    ~RunIsOver() { run_is_on.store(false, std::memory_order_release); }
  } run_is_over;
  RunMark mark;
  const Observation observation(settings.procs);
  install_terminate_handler();
  install_overflow_handler();
  run_once(settings, {call, context});
}

}  // namespace internal

unsigned processors() {
  // Relaxed: a caller inside the run is ordered behind its start.
  if (internal::run_is_on.load(std::memory_order_relaxed))
    return internal::scheduler.processor_count();
  return internal::settings_for({}).procs;
}

unsigned set_processors(unsigned count) {
  using internal::scheduler;
  if (internal::current_fiber() == nullptr) {
    throw Error("fiber: set_processors() outside of fibers; before a run use Options::procs");
  }
  if (count > internal::Scheduler::kMostProcessors) {
    throw Error("fiber: set_processors(" + std::to_string(count) + "), the most is " +
                std::to_string(internal::Scheduler::kMostProcessors));
  }
  const bool follow = count == 0;
  if (follow) count = std::min(internal::usable_cpus(), internal::Scheduler::kMostProcessors);
  // Here surely no access is under way.
  if (count > 1) static_cast<void>(__fsan_run_widened(/*asleep=*/1));
  const unsigned before = scheduler.set_processors(count, follow);
  yield();  // when the caller's processor is one too many
  return before;
}

}  // namespace fiber
