#include "runtime/monitor.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "runtime/observe/observation.h"
#include "runtime/scheduler.h"
#include "runtime/worker_threads.h"

namespace fiber::internal {

[[clang::no_destroy]] constinit Monitor monitor;

namespace {

[[noreturn]] void fatal_no_thread(const std::system_error& error) {
  std::fflush(stdout);
  std::fprintf(stderr,
               "fatal error: cannot start a thread for an idle processor beside %u others: %s; "
               "raise ulimit -u or the container's pids limit, or lower FIBER_OPTIONS=procs\n",
               worker_threads.count(), error.what());
  std::_Exit(2);
}

}  // namespace

void Monitor::start() {
  // Signals are the program's: its fibers' threads handle them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_.emplace([this] { watch(); });
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Monitor::stop() {
  if (!thread_) return;
  wake();
  thread_->join();
  thread_.reset();
}

void Monitor::watch() {
  while (!scheduler.stopping()) {
    start_threads();
    parker_.park(observe());
  }
  // What was published for nobody: the spinner that was counted for each.
  while (scheduler.idle.take_waiting_for_thread() != nullptr)
    static_cast<void>(scheduler.idle.unspin());
}

void Monitor::start_threads() {
  while (Processor* processor = scheduler.idle.take_waiting_for_thread()) {
    try {
      worker_threads.start(*processor, /*spinning=*/true);
    } catch (const std::system_error& error) {
      fatal_no_thread(error);
    }
  }
}

}  // namespace fiber::internal
