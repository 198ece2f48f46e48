#include "detector/findings/report_lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>

namespace fibersan {
namespace {

// A report takes milliseconds, so waiters sleep. Not a mutex of the C library's, which would be
// one of the program's to detector/threads/.
class SleepingLock {
 public:
  void lock() {
    if (try_lock()) return;
    const int saved = errno;
    // acquire [A1], pairs with the release [R1] of the last holder.
    while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree)
      syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, kAwaited, nullptr);
    errno = saved;
  }
  bool try_lock() {
    int state = kFree;
    // acquire [A1]
    return state_.compare_exchange_strong(state, kHeld, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void unlock() {
    // release [R1], pairs with the acquire [A1] of the next holder.
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited)
      syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1);
  }

 private:
  static constexpr int kFree = 0, kHeld = 1, kAwaited = 2;
  std::atomic<int> state_{kFree};
};

constinit SleepingLock reports_lock;
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
  reports_lock.lock();
  now_held(before);
}

bool lock_reports_for(int milliseconds) {
  const sigset_t kept_away = asynchronous_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &kept_away, &before);  // L1
  for (;; --milliseconds) {
    if (reports_lock.try_lock()) {
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
  reports_lock.unlock();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void let_signals_in() { pthread_sigmask(SIG_SETMASK, &signals_before, nullptr); }

bool reports_locked_by_this_thread() { return holder.load(std::memory_order_relaxed) == gettid(); }

}  // namespace fibersan
