// Signals to a process of fibers: timers that fire all the time, in every state of a fiber and of
// a worker, change nothing; handlers may be on the fiber's stack or on the thread's own.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <stdexcept>

#include "fiber/channel.h"
#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "fiber/time.h"
#include "fiber/wait_group.h"

namespace fiber {
namespace {

std::atomic<uint64_t> handled{0};

void count_signal(int) { handled.fetch_add(1, std::memory_order_relaxed); }

// The compiler would keep errno's address across a yield; in users' programs the pass prevents it.
__attribute__((noinline)) void set_errno(int value) {
  asm volatile("");
  errno = value;
}
__attribute__((noinline)) int get_errno() {
  asm volatile("");
  return errno;
}

// While it lives, both clocks send a signal to the process every 100 us.
class Storm {
 public:
  explicit Storm(int flags) {
    struct sigaction action = {};
    action.sa_handler = count_signal;
    action.sa_flags = flags;
    sigaction(SIGPROF, &action, &profile_before_);
    sigaction(SIGALRM, &action, &alarm_before_);
    set(100);
  }
  ~Storm() {
    set(0);
    sigaction(SIGPROF, &profile_before_, nullptr);
    sigaction(SIGALRM, &alarm_before_, nullptr);
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

 private:
  static void set(suseconds_t period) {
    const itimerval timer = {{0, period}, {0, period}};
    setitimer(ITIMER_PROF, &timer, nullptr);
    setitimer(ITIMER_REAL, &timer, nullptr);
  }

  struct sigaction profile_before_;
  struct sigaction alarm_before_;
};

// Fibers that compute, throw, wait for channels, locks and time, begin and end.
void do_everything(int rounds) {
  Channel<int> line;
  Mutex mutex;
  int guarded = 0;
  std::atomic<int64_t> received{0};
  WaitGroup all;
  for (int i = 0; i < 4; ++i) {
    all.go([&, rounds] {
      for (int k = 0; k < rounds; ++k) line.send(k);
    });
    all.go([&, rounds] {
      for (int k = 0; k < rounds; ++k) received += *line.receive();
    });
    all.go([&, rounds] {
      for (int k = 0; k < rounds; ++k) {
        const std::scoped_lock lock(mutex);
        ++guarded;
        if (k % 16 == 0) yield();
      }
    });
    all.go([rounds] {
      for (int k = 0; k < rounds / 20; ++k) {
        sleep_for(std::chrono::microseconds(20));
        EXPECT_THROW(spawn([k] {
                       if (k >= 0) throw std::runtime_error("x");
                     }).join(),
                     std::runtime_error);
        set_errno(k);
        yield();
        EXPECT_EQ(get_errno(), k);
      }
    });
  }
  all.wait();
  EXPECT_EQ(guarded, 4 * rounds);
  EXPECT_EQ(received, int64_t{4} * rounds * (rounds - 1) / 2);
}

TEST(Signals, AStormChangesNothing) {
  for (const int flags : {0, SA_RESTART, SA_ONSTACK, SA_ONSTACK | SA_RESTART}) {
    const uint64_t before = handled;
    const Storm storm(flags);
    for (unsigned procs : {1u, 4u}) run([] { do_everything(400); }, {.procs = procs});
    EXPECT_GT(handled, before);
  }
}

TEST(Signals, IdleWorkersSleepOn) {
  const Storm storm(0);
  const auto begin = std::chrono::steady_clock::now();
  run([] { sleep_for(std::chrono::milliseconds(20)); }, {.procs = 4});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
}

std::atomic<uint64_t> fiber_in_handler{0};

TEST(Signals, AHandlerKnowsTheFiberThatItInterrupts) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer runs handlers later";
#endif
  struct sigaction action = {};
  action.sa_handler = [](int) { fiber_in_handler = this_fiber::id(); };
  struct sigaction before;
  for (const int flags : {0, SA_ONSTACK}) {
    action.sa_flags = flags;
    sigaction(SIGUSR1, &action, &before);
    run(
        [] {
          for (int i = 0; i < 50; ++i) {
            spawn([] {
              pthread_kill(pthread_self(), SIGUSR1);
              EXPECT_EQ(fiber_in_handler, this_fiber::id());
              yield();
            }).join();
          }
        },
        {.procs = 4});
    sigaction(SIGUSR1, &before, nullptr);
  }
}

// A signal without SA_RESTART ends a system call of the fiber's own, as without fibers.
TEST(Signals, ASystemCallOfAFiberIsInterrupted) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer runs handlers later";
#endif
  run(
      [] {
        const Storm storm(0);
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        char byte = 0;
        EXPECT_EQ(read(ends[0], &byte, 1), -1);
        EXPECT_EQ(errno, EINTR);
        close(ends[0]);
        close(ends[1]);
      },
      {.procs = 1});
}

}  // namespace
}  // namespace fiber
