#include "detector/findings/report_lock.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

namespace fibersan {
namespace {

// A report takes milliseconds, so waiters sleep.
pthread_mutex_t reports_lock = PTHREAD_MUTEX_INITIALIZER;
std::atomic<pid_t> holder{0};
sigset_t signals_before;  // of the holder

sigset_t asynchronous_signals() {
  sigset_t set;
  sigfillset(&set);
  for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
    sigdelset(&set, signal);
  return set;
}

void now_held(const sigset_t& before) {
  signals_before = before;
  // relaxed: only the holder itself needs to find its own number.
  holder.store(gettid(), std::memory_order_relaxed);
}

}  // namespace

void lock_reports() {
  const sigset_t kept_away = asynchronous_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &kept_away, &before);  // L1
  pthread_mutex_lock(&reports_lock);
  now_held(before);
}

bool lock_reports_for(int milliseconds) {
  const sigset_t kept_away = asynchronous_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &kept_away, &before);  // L1
  for (;; --milliseconds) {
    if (pthread_mutex_trylock(&reports_lock) == 0) {
      now_held(before);
      return true;
    }
    if (milliseconds <= 0) break;
    const timespec moment = {0, 1'000'000};
    nanosleep(&moment, nullptr);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return false;
}

void unlock_reports() {
  const sigset_t before = signals_before;
  holder.store(0, std::memory_order_relaxed);
  pthread_mutex_unlock(&reports_lock);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool reports_locked_by_this_thread() { return holder.load(std::memory_order_relaxed) == gettid(); }

}  // namespace fibersan
