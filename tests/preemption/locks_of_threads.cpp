// A lock that knows its thread (recursive, error-checking, robust, priority-inheriting; the
// writer's side of a read-write lock; a FILE's) belongs to the fiber that took it: nobody else
// comes in while the fiber computes for many time slices, waits, or is in a blocking call, and its
// unlock works. Fibers that spin with such locks do not keep others from running.
//
// DEFINE: %{options} = FIBER_OPTIONS=preempt_ms=1:procs
// RUN: %fiber -O2 %s -o %t.plain
// RUN: env %{options}=1 %run %t.plain 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env %{options}=3 %run %t.plain 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env %{options}=3:migrate=1 %run %t.plain 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan %s -o %t.checked
// RUN: env %{options}=1 %run %t.checked 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env %{options}=3 %run %t.checked 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env %{options}=3:migrate=1 %run %t.checked 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>
#include <pthread.h>
#include <threads.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

namespace {

void require(bool holds, const char* what, const char* where) {
  if (holds) return;
  std::fprintf(stderr, "%s: %s\n", where, what);
  std::_Exit(1);
}

// A pthread mutex of any kind, with the functions of a standard one.
class PosixMutex {
 public:
  PosixMutex(int type, int protocol, int robust) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    pthread_mutexattr_setrobust(&attributes, robust);
    require(pthread_mutex_init(&mutex_, &attributes) == 0, "init", "PosixMutex");
    pthread_mutexattr_destroy(&attributes);
  }
  void lock() { require(pthread_mutex_lock(&mutex_) == 0, "lock", "PosixMutex"); }
  bool try_lock() { return pthread_mutex_trylock(&mutex_) == 0; }
  void unlock() { require(pthread_mutex_unlock(&mutex_) == 0, "unlock", "PosixMutex"); }
  pthread_mutex_t* get() { return &mutex_; }

 private:
  pthread_mutex_t mutex_;
};

struct C11Mutex {
  mtx_t mutex;
  C11Mutex() { mtx_init(&mutex, mtx_recursive); }
  void lock() { require(mtx_lock(&mutex) == thrd_success, "lock", "C11Mutex"); }
  void unlock() { require(mtx_unlock(&mutex) == thrd_success, "unlock", "C11Mutex"); }
};

struct FileLock {
  std::FILE* file = std::tmpfile();
  void lock() { flockfile(file); }
  void unlock() { funlockfile(file); }
};

// Each way to take a std lock.
struct Tried : std::recursive_mutex {
  void lock() {
    while (!try_lock()) fiber::yield();
  }
};
template <typename Mutex>
struct Timed : Mutex {
  void lock() {
    while (!this->try_lock_for(std::chrono::seconds(1))) {
    }
  }
};
struct Until : std::recursive_timed_mutex {
  void lock() {
    while (!try_lock_until(std::chrono::system_clock::now() + std::chrono::seconds(1))) {
    }
  }
};

volatile int sink = 0;
// CPU time, so that a busy machine does not hide a slice.
void compute_for(std::chrono::microseconds time) {
  const auto now = [] {
    timespec spent;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
  };
  for (const auto end = now() + time; now() < end;)
    for (int i = 0; i < 2000; ++i) sink = sink + 1;
}

constexpr std::chrono::microseconds kSlices(2500);

// Fibers take the lock in turn and hold it while `inside(turn)` runs.
template <typename Lock, typename Inside>
void in_turn(const char* name, Lock& lock, Inside inside) {
  std::atomic<int> holders = 0;
  fiber::WaitGroup group;
  for (int i = 0; i < 3; ++i)
    group.go([&, i] {
      for (int round = 0; round < 2; ++round) {
        try {
          std::lock_guard guard(lock);
          require(++holders == 1, "two are inside", name);
          inside(i + round);
          require(--holders == 0, "two were inside", name);
          if (round == 1) throw std::runtime_error("leaves the lock to the destructor");
        } catch (const std::runtime_error&) {
        }
        fiber::yield();
      }
    });
  group.wait();
}

template <typename Lock>
void hold_and_compute(const char* name, Lock&& lock) {
  in_turn(name, lock, [](int) { compute_for(kSlices); });
}

void of_every_kind() {
  hold_and_compute("recursive_mutex", std::recursive_mutex());
  hold_and_compute("recursive_mutex::try_lock", Tried());
  hold_and_compute("recursive_timed_mutex::try_lock_for", Timed<std::recursive_timed_mutex>());
  hold_and_compute("recursive_timed_mutex::try_lock_until", Until());
  hold_and_compute("shared_mutex", std::shared_mutex());
  hold_and_compute("shared_timed_mutex::try_lock_for", Timed<std::shared_timed_mutex>());
  hold_and_compute("mtx_t", C11Mutex());
  hold_and_compute("flockfile", FileLock());
  const auto posix = [](const char* name, int type, int protocol, int robust) {
    hold_and_compute(name, PosixMutex(type, protocol, robust));
  };
  posix("error-checking", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
  posix("robust", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
  posix("inheriting", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
}

// Leaving by itself the fiber keeps its thread.
void waits_with_lock() {
  std::recursive_mutex mutex;
  in_turn("yield", mutex, [](int) {
    for (int i = 0; i < 20; ++i) fiber::yield();
  });
  in_turn("sleep_for", mutex, [](int) { fiber::sleep_for(std::chrono::microseconds(300)); });
  in_turn("blocking", mutex, [](int) { fiber::blocking([] { compute_for(kSlices); }); });
  fiber::Channel<int> turns;
  fiber::go([turns]() mutable {
    for (int i = 0; i < 12; ++i) turns.send(i);  // 6 for each lock
  });
  in_turn("channel", mutex, [&](int) { turns.receive(); });
  in_turn("taken twice", mutex, [&](int) {
    std::lock_guard again(mutex);
    fiber::LockThread pinned;
    turns.receive();
    compute_for(kSlices);
  });
}

void condition_variables() {
  PosixMutex mutex(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
  pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
  int turn = 0;
  fiber::WaitGroup group;
  for (int i = 0; i < 3; ++i)
    group.go([&, i] {
      std::lock_guard guard(mutex);
      while (turn != i) pthread_cond_wait(&turned, mutex.get());
      compute_for(kSlices);
      require(turn++ == i, "two are inside", "pthread_cond_wait");
      pthread_cond_broadcast(&turned);
    });
  group.wait();

  std::recursive_mutex recursive;
  std::condition_variable_any any;
  for (int i = 3; i < 6; ++i)
    group.go([&, i] {
      std::unique_lock lock(recursive);
      any.wait(lock, [&] { return turn == i; });
      compute_for(kSlices);
      require(turn++ == i, "two are inside", "condition_variable_any");
      any.notify_all();
    });
  group.wait();
}

// More than there are processors, and threads that the monitor leaves without one.
void others_run_meanwhile() {
  std::atomic<bool> done = false;
  fiber::WaitGroup group;
  for (int i = 0; i < 7; ++i)
    group.go([&] {
      std::recursive_mutex mutex;
      std::lock_guard guard(mutex);
      while (!done.load(std::memory_order_relaxed)) {
      }
    });
  group.go([&] {
    fiber::sleep_for(std::chrono::milliseconds(1));
    done = true;
  });
  group.wait();
}

// Which leaves it to the thread, and the fibers that run there next are free to move.
void ends_with_lock() {
#ifndef FIBERSAN  // where it is a finding
  static std::recursive_mutex left;
  fiber::spawn([] { left.lock(); }).join();
#endif
}

// The thread of run() has a lock of its own, which is no fiber's.
std::recursive_mutex of_main;

}  // namespace

int main() {
  std::lock_guard guard(of_main);
  const int status = fiber::run([] {
    of_every_kind();
    waits_with_lock();
    condition_variables();
    ends_with_lock();
    others_run_meanwhile();
  });
  // CHECK: {{^ends}}
  std::fputs("ends\n", stderr);
  return status;
}
