// The begin and the end of a run; the library's side of run.h.
#include "fiber/run.h"

#include <system_error>
#include <thread>
#include <vector>

#include "fiber/error.h"
#include "runtime/fatal.h"
#include "runtime/fiber.h"
#include "runtime/options.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"

namespace fiber {
namespace internal {
namespace {

constinit std::atomic<bool> run_is_on{false};

// libstdc++ counts shared_ptr references without atomics until a second thread has been
// started. With procs=1 there might never be one, yet fibers must not depend on that.
void make_process_multi_threaded() {
  static const bool done = [] {
    std::thread([] {}).join();
    return true;
  }();
  static_cast<void>(done);
}

void worker_thread(uint32_t index) {
  SignalStack signal_stack;
  __fsan_processor_acquired(index);
  scheduler.worker(index).work(&scheduler.processor(index));
  __fsan_processor_released(index);
}

// The threads beside the caller's; also ended when one of them cannot be started.
class WorkerThreads {
 public:
  explicit WorkerThreads(uint32_t count) {
    threads_.reserve(count);
    for (uint32_t index = 1; index < count; ++index) {
      try {
        threads_.emplace_back(worker_thread, index);
      } catch (const std::system_error& e) {
        scheduler.stop();
        join();
        throw std::system_error(e.code(), "fiber: cannot start thread " + std::to_string(index) +
                                              " of " + std::to_string(count) +
                                              "; lower FIBER_OPTIONS=procs");
      }
    }
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
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
                                  [](void* place) {
                                    const MainCall main = *static_cast<MainCall*>(place);
                                    main.call(main.context);
                                  }};

// Fibers that wait or are runnable stay where they are, their stacks with them: something
// that outlives the run may still point there.
void stop_fibers() {
  stack_pool().for_each([](Stack* stack, void*) { Fiber::at(stack)->state.stop(); }, nullptr);
}

void work_on_this_thread() {
  // The caller may be handling an exception.
  SignalStack signal_stack;
  auto& exceptions = *reinterpret_cast<ExceptionGlobals*>(abi::__cxa_get_globals());
  const ExceptionGlobals saved = exceptions;
  __fsan_processor_acquired(0);
  scheduler.worker(0).work(&scheduler.processor(0));
  __fsan_processor_released(0);
  exceptions = saved;
}

void run_once(const Settings& settings, MainCall main) {
  scheduler.prepare(settings.procs, settings.seed, settings.stack_class);
  __fsan_run_started(settings.procs, settings.seed);
  Fiber* fiber = create_fiber(nullptr, kMainClosure, &main, nullptr);
  scheduler.main_fiber = fiber;
  fiber->state.start();
  scheduler.global.push(fiber);
  WorkerThreads threads(settings.procs);
  work_on_this_thread();
  threads.join();
  stop_fibers();
  __fsan_run_finished();
  scheduler.finish();
}

}  // namespace

void run_main(const Options& options, void (*call)(void*), void* context) {
  if (current_fiber() != nullptr) {
    throw Error("fiber: run() inside a fiber; start fibers with go() or spawn() instead");
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
  install_terminate_handler();
  install_overflow_handler();
  make_process_multi_threaded();
  run_once(settings, {call, context});
}

}  // namespace internal

unsigned processors() {
  // Relaxed: a caller inside the run is ordered behind its start.
  if (internal::run_is_on.load(std::memory_order_relaxed))
    return internal::scheduler.processor_count();
  return internal::settings_for({}).procs;
}

}  // namespace fiber
