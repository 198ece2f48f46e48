// Signals that come while the thread is inside a hook: of death, which must end the process at
// once and by its number; of a timer, whose handler runs instrumented code and must neither hang,
// nor meet the detector's state half changed, nor lose an edge. sigaction() tells the program of
// its own handlers only.
//
// RUN: %fibersan %s -o %t
// RUN: %python %S/Inputs/terminate.py --times 15 %t locks allocations first_accesses
// RUN: timeout 20 %run %t timer 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: timeout 20 %run %t join 2>&1 | FileCheck %s --implicit-check-not=FiberSan
// RUN: %run %t actions 2>&1 | FileCheck %s --check-prefix=ACTIONS --implicit-check-not=FiberSan
// RUN: not --crash %run %t one_shot
// RUN: %run %t fork 2>&1 | FileCheck %s --check-prefix=FORK --implicit-check-not=FiberSan
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

constexpr int kSignals = 400;
constexpr unsigned kMutexes = 1000;
std::mutex mutexes[kMutexes];
std::vector<long> cells(1 << 20);
std::atomic<int> handled{0};
std::atomic<bool> over{false};
int written[kSignals];
sem_t posted;

void lock_and_unlock(unsigned i) {
  const unsigned first = i * 2654435761u >> 16;
  const std::scoped_lock both(mutexes[first % kMutexes],
                              mutexes[(first + 1 + i % (kMutexes - 1)) % kMutexes]);
  ++cells[first % kMutexes];
}

void allocate_and_free(unsigned i) { std::make_unique<std::vector<char>>(i % 4000)->push_back(1); }

// After each release the same cells are new to the epoch.
void access_first(unsigned i) {
  static std::atomic<int> released{0};
  if (i % 4096 == 0) released.fetch_add(1, std::memory_order_release);
  ++cells[i * 8 % cells.size()];
}

[[noreturn]] void for_ever(void (*work)(unsigned)) {
  if (write(STDOUT_FILENO, "ready\n", 6) != 6) std::abort();
  for (unsigned i = 0;; ++i) work(i);
}

void on_timer(int) {
  const int i = handled.load(std::memory_order_relaxed);
  if (i == kSignals) return;
  written[i] = i + 1;
  handled.fetch_add(1, std::memory_order_acq_rel);
  sem_post(&posted);
}

void* read_what_was_written(void*) {
  long sum = 0;
  for (int i = 0; i < kSignals; ++i) {
    while (sem_wait(&posted) != 0) {
    }
    sum += written[i];
  }
  over = true;
  return reinterpret_cast<void*>(sum);
}

void work_until_over() {
  for (unsigned i = 0; !over; ++i) {
    lock_and_unlock(i);
    allocate_and_free(i);
    access_first(i);
  }
}
void only_join() {}

void under_a_timer(void (*work)()) {
  sem_init(&posted, 0, 0);
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
  pthread_t reader;
  pthread_create(&reader, nullptr, read_what_was_written, nullptr);
  pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_timer;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval each = {{0, 500}, {0, 500}};
  setitimer(ITIMER_REAL, &each, nullptr);
  work();
  void* sum = nullptr;
  pthread_join(reader, &sum);
  // CHECK: sum 80200
  std::printf("sum %ld\n", reinterpret_cast<long>(sum));
}

void on_info(int number, siginfo_t* info, void*) {
  std::printf("signal %d from us: %d\n", number - SIGRTMIN, info->si_pid == getpid());
  std::printf("value %d\n", info->si_value.sival_int);
}

void ask_for_actions() {
  struct sigaction action = {};
  action.sa_sigaction = on_info;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_RESTART;
  struct sigaction old = {};
  sigaction(SIGRTMIN, &action, &old);
  // ACTIONS: default 1
  std::printf("default %d\n", old.sa_handler == SIG_DFL);
  sigaction(SIGRTMIN, nullptr, &old);
  // ACTIONS: ours 1
  const int flags = SA_SIGINFO | SA_RESETHAND | SA_RESTART;
  std::printf("ours %d\n", old.sa_sigaction == on_info && (old.sa_flags & flags) == flags);
  // ACTIONS: signal 0 from us: 1
  // ACTIONS: value 7
  sigqueue(getpid(), SIGRTMIN, {.sival_int = 7});
  sigaction(SIGRTMIN, nullptr, &old);
  // ACTIONS: reset 1
  std::printf("reset %d\n", old.sa_handler == SIG_DFL);
  // ACTIONS: told 1 1 1
  const bool first = std::signal(SIGTERM, on_timer) == SIG_DFL;
  const bool second = std::signal(SIGTERM, SIG_IGN) == on_timer;
  const bool third = std::signal(SIGTERM, SIG_DFL) == SIG_IGN;
  std::printf("told %d %d %d\n", first, second, third);
}

void die_at_the_second() {
  struct sigaction action = {};
  action.sa_handler = on_timer;
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGTERM, &action, nullptr);
  std::raise(SIGTERM);
  std::raise(SIGTERM);
}

// Beside another thread a child is not checked. One that does nothing to check has nothing to say.
void fork_beside_a_thread() {
  sem_init(&posted, 0, 0);
  pthread_t waiter;
  pthread_create(
      &waiter, nullptr, [](void*) -> void* { return sem_wait(&posted), nullptr; }, nullptr);
  int left = 0;
  int executed = 0;
  pid_t child = fork();
  if (child == 0) _exit(3);
  waitpid(child, &left, 0);
  child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", "exit 4", nullptr);
    _exit(5);
  }
  waitpid(child, &executed, 0);
  sem_post(&posted);
  pthread_join(waiter, nullptr);
  // FORK: children 3 4
  std::printf("children %d %d\n", WEXITSTATUS(left), WEXITSTATUS(executed));
}

int main(int, char** arguments) {
  const auto is = [&](const char* name) { return std::strcmp(arguments[1], name) == 0; };
  if (is("locks")) for_ever(lock_and_unlock);
  if (is("allocations")) for_ever(allocate_and_free);
  if (is("first_accesses")) for_ever(access_first);
  if (is("timer")) under_a_timer(work_until_over);
  if (is("join")) under_a_timer(only_join);
  if (is("actions")) ask_for_actions();
  if (is("fork")) fork_beside_a_thread();
  if (is("one_shot")) die_at_the_second();
}
