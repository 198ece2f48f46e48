// A look for dead fibers stops every thread by a signal, for which the kernel ends some waits with
// EINTR. Unless a handler of the program runs none of them may end early, or late: not in threads
// of the system, not in fibers. A handler of the program ends each of them.
//
// RUN: %fibersan %s -o %t
// RUN: env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t threads 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t fibers 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t handler 2>&1 | FileCheck %s --check-prefix=HANDLER --implicit-check-not=FiberSan
//
// CHECK-NOT: {{.}}
// CHECK: nothing was interrupted
// HANDLER-NOT: {{.}}
// HANDLER: everything was interrupted
#include <fiber/fiber.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iterator>
#include <thread>
#include <vector>

#include "../../thread.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

// What there is to wait for, and never comes.
int ends[2];  // of a pipe
int epoll;
sem_t semaphore;
int semaphores;  // System V; negative: the machine has none

struct Time {
  explicit Time(milliseconds time)
      : ms(static_cast<int>(time.count())), spec{ms / 1000, ms % 1000 * 1'000'000L} {}
  timespec after(clockid_t clock) const {
    timespec now;
    clock_gettime(clock, &now);
    const long ns = now.tv_nsec + spec.tv_nsec;
    return {now.tv_sec + spec.tv_sec + ns / 1'000'000'000, ns % 1'000'000'000};
  }

  int ms;
  timespec spec;
};

// 0, or the error number, which is that of the time's end when it is one.
int error_of(long result, int end = 0) {
  if (result >= 0) return 0;
  return errno == end ? 0 : errno;
}

pollfd polled() { return {ends[0], POLLIN, 0}; }
fd_set selected() {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(ends[0], &set);
  return set;
}

struct Wait {
  const char* name;
  int (*wait)(const Time& time);
};

const Wait kWaits[] = {
    {"poll",
     [](const Time& time) {
       pollfd fd = polled();
       return error_of(poll(&fd, 1, time.ms));
     }},
    {"ppoll",
     [](const Time& time) {
       pollfd fd = polled();
       return error_of(ppoll(&fd, 1, &time.spec, nullptr));
     }},
    {"select",
     [](const Time& time) {
       fd_set set = selected();
       timeval limit = {time.spec.tv_sec, time.spec.tv_nsec / 1000};
       return error_of(select(ends[0] + 1, &set, nullptr, nullptr, &limit));
     }},
    {"pselect",
     [](const Time& time) {
       fd_set set = selected();
       return error_of(pselect(ends[0] + 1, &set, nullptr, nullptr, &time.spec, nullptr));
     }},
    {"epoll_wait",
     [](const Time& time) {
       epoll_event event;
       return error_of(epoll_wait(epoll, &event, 1, time.ms));
     }},
    {"epoll_pwait",
     [](const Time& time) {
       epoll_event event;
       return error_of(epoll_pwait(epoll, &event, 1, time.ms, nullptr));
     }},
    {"epoll_pwait2",
     [](const Time& time) {
       epoll_event event;
       const int error = error_of(epoll_pwait2(epoll, &event, 1, &time.spec, nullptr));
       return error == ENOSYS ? error_of(nanosleep(&time.spec, nullptr)) : error;
     }},
    {"nanosleep",
     [](const Time& time) {
       timespec left = {};
       return error_of(nanosleep(&time.spec, &left));
     }},
    {"clock_nanosleep",
     [](const Time& time) { return clock_nanosleep(CLOCK_MONOTONIC, 0, &time.spec, nullptr); }},
    {"clock_nanosleep until",
     [](const Time& time) {
       const timespec end = time.after(CLOCK_MONOTONIC);
       return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr);
     }},
    {"usleep", [](const Time& time) { return error_of(usleep(time.ms * 1000U)); }},
    {"sleep", [](const Time& time) { return sleep(time.ms / 1000 + 1) == 0 ? 0 : EINTR; }},
    {"thrd_sleep",
     [](const Time& time) { return thrd_sleep(&time.spec, nullptr) == 0 ? 0 : EINTR; }},
    {"sem_timedwait",
     [](const Time& time) {
       const timespec end = time.after(CLOCK_REALTIME);
       return error_of(sem_timedwait(&semaphore, &end), ETIMEDOUT);
     }},
    {"sem_clockwait",
     [](const Time& time) {
       const timespec end = time.after(CLOCK_MONOTONIC);
       return error_of(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &end), ETIMEDOUT);
     }},
    {"sigtimedwait",
     [](const Time& time) {
       sigset_t set;
       sigemptyset(&set);
       sigaddset(&set, SIGWINCH);
       return error_of(sigtimedwait(&set, nullptr, &time.spec), EAGAIN);
     }},
    {"semtimedop",
     [](const Time& time) {
       if (semaphores < 0) return error_of(nanosleep(&time.spec, nullptr));
       sembuf take = {0, -1, 0};
       return error_of(semtimedop(semaphores, &take, 1, &time.spec), EAGAIN);
     }},
};

// Until a second look has come within such a wait.
void wait_in_vain(const Wait& wait) {
  constexpr milliseconds kTime(150);
  for (std::uint64_t looks = 0; looks < 2;) {
    const std::uint64_t before = fiber::stats().deadlock_checks;
    const auto begun = std::chrono::steady_clock::now();
    const int error = wait.wait(Time(kTime));
    const auto took = std::chrono::steady_clock::now() - begun;
    looks = fiber::stats().deadlock_checks - before;
    if (error == 0 && took > kTime - milliseconds(20)) continue;  // two clocks
    std::printf("%s ended after %g s: %s\n", wait.name, std::chrono::duration<double>(took).count(),
                strerror(error));
  }
}

void in_threads(void (*function)(const Wait&)) {
  fiber::blocking([&] {
    std::vector<std::thread> threads;
    for (const Wait& wait : kWaits) threads.emplace_back([&, function] { function(wait); });
    for (std::thread& thread : threads) thread.join();
  });
}

void in_fibers() {
  fiber::WaitGroup all;
  for (const Wait& wait : kWaits) all.go([&] { wait_in_vain(wait); });
  all.wait();
}

// The handler comes after a look has: what the look has interrupted is what it ends.
void be_interrupted(const Wait& wait) {
  std::atomic<bool> ended{false};
  std::atomic<bool> begun{false};
  std::thread waiter([&] {
    begun = true;
    const int error = wait.wait(Time(seconds(1000)));
    if (error != EINTR) std::printf("%s: %s\n", wait.name, strerror(error));
    ended = true;
  });
  while (!begun) std::this_thread::yield();
  const std::uint64_t before = fiber::stats().deadlock_checks;
  while (fiber::stats().deadlock_checks < before + 2) std::this_thread::sleep_for(milliseconds(1));
  while (!ended) {
    CHECK(pthread_kill(waiter.native_handle(), SIGUSR1) == 0);
    std::this_thread::sleep_for(milliseconds(1));
  }
  waiter.join();
}

fiber::Channel<int> in_vain;  // who waits for it makes looks worth while

int main(int, char** arguments) {
  const bool handler = strcmp(arguments[1], "handler") == 0;
  CHECK(pipe(ends) == 0 && sem_init(&semaphore, 0, 0) == 0);
  CHECK((epoll = epoll_create1(0)) >= 0);
  semaphores = semget(IPC_PRIVATE, 1, 0600);
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  if (handler) CHECK(sigaction(SIGUSR1, &action, nullptr) == 0);
  const int result = fiber::run([&] {
    fiber::WaitGroup one;
    one.go([] { in_vain.receive(); });
    if (handler) {
      in_threads(be_interrupted);
    } else if (strcmp(arguments[1], "fibers") == 0) {
      in_fibers();
    } else {
      in_threads(wait_in_vain);
    }
    in_vain.close();
    one.wait();
  });
  if (semaphores >= 0) semctl(semaphores, 0, IPC_RMID);
  std::puts(handler ? "everything was interrupted" : "nothing was interrupted");
  return result;
}
