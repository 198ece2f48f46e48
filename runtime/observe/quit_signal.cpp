#include "runtime/observe/quit_signal.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "fiber/debug.h"
#include "runtime/monitor.h"
#include "runtime/observe/trace_file.h"

namespace fiber::internal {
namespace {

constinit std::atomic<bool> quit_signalled{false};

void on_quit(int) {
  const int saved_errno = errno;
  // Relaxed: the monitor reads it behind its wake-up.
  quit_signalled.store(true, std::memory_order_relaxed);
  monitor.wake();
  errno = saved_errno;
}

}  // namespace

QuitSignal::QuitSignal() : installed_(false) {
  struct sigaction current = {};
  if (sigaction(SIGQUIT, nullptr, &current) != 0) return;
  if ((current.sa_flags & SA_SIGINFO) != 0 || current.sa_handler != SIG_DFL) return;
  struct sigaction action = {};
  action.sa_handler = on_quit;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  installed_ = sigaction(SIGQUIT, &action, nullptr) == 0;
}

QuitSignal::~QuitSignal() {
  if (installed_) restore_quit_signal();
}

void restore_quit_signal() {
  struct sigaction current = {};
  if (sigaction(SIGQUIT, nullptr, &current) != 0 || current.sa_handler != on_quit) return;
  struct sigaction none = {};
  none.sa_handler = SIG_DFL;
  sigaction(SIGQUIT, &none, nullptr);
}

void dump_after_quit_signal(bool then_exit) {
  if (!quit_signalled.load(std::memory_order_relaxed)) return;
  quit_signalled.store(false, std::memory_order_relaxed);
  // A fiber may be stuck in the middle of writing.
  if (ftrylockfile(stdout) == 0) {
    fflush_unlocked(stdout);
    funlockfile(stdout);
  }
  std::fprintf(stderr, "SIGQUIT: quit\n");
  dump_fibers(stderr);
  if (!then_exit) return;
  end_trace();
  // Like Go's: no destructor runs, for the fibers still use what it would destroy.
  std::_Exit(2);
}

}  // namespace fiber::internal
