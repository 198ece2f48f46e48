// What orders two OS threads beside locks: begin and end of a thread, conditions, barriers,
// semaphores, once, futures, atomic waits; with the edge left out, each is a race on the
// scenario's own variable.
//
// RUN: %fibersan -std=c++20 %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
// RUN: %exits 66 %run %t without > %t.out 2>&1
// RUN: FileCheck %s < %t.out
#include <pthread.h>
#include <semaphore.h>
#include <threads.h>

#include <barrier>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <thread>
#include <utility>

#include "gate.h"

using namespace std::chrono_literals;

bool without = false;
int of_create, of_join, of_tryjoin, of_exit, of_cancel, of_thread_local, of_specific, of_c11;
int of_condition, of_timed_condition, of_any_condition, of_c11_condition;
int of_pthread_barrier, of_barrier, of_latch, of_semaphore, of_sem, of_once, of_call_once;
int of_future, of_async, of_atomic_wait, of_stop, of_detached;

template <typename First, typename Second>
void both(First first, Second second) {
  std::thread one(first), other(second);
  one.join();
  other.join();
}

// `leave` hands on, `wait` learns of it; a gate in their place.
template <typename Leave, typename Wait>
void handed_on(int& shared, Leave leave, Wait wait) {
  Gate gate;
  both(
      [&] {
        ++shared;
        without ? gate.open() : leave();
      },
      [&] {
        without ? gate.wait() : wait();
        ++shared;
      });
}

struct AtExit {
  int* shared = nullptr;
  Gate* gate = nullptr;
  ~AtExit() {
    if (shared == nullptr) return;
    ++*shared;
    gate->open();
  }
};
thread_local AtExit at_exit;

// `begin` makes a thread that adds to `shared` and opens the gate.
template <typename Body>
void joined(int& shared, Body body) {
  Gate gate;
  std::thread thread([&] { body(gate); });
  if (without) gate.wait(), ++shared;
  thread.join();
  if (!without) ++shared;
}

void* adds_and_exits(void* gate) {
  ++of_exit;
  static_cast<Gate*>(gate)->open();
  pthread_exit(nullptr);
}

void* is_cancelled(void* gate) {
  ++of_cancel;
  static_cast<Gate*>(gate)->open();
  for (;;) std::this_thread::sleep_for(1h);
}

int adds_in_c11(void* gate) {
  ++of_c11;
  static_cast<Gate*>(gate)->open();
  return 7;
}

void begin_and_end() {
  if (!without) of_create = 1;
  std::thread thread([] { ++of_create; });
  if (without) of_create = 1;
  thread.join();
  joined(of_join, [](Gate& gate) { ++of_join, gate.open(); });
  joined(of_thread_local, [](Gate& gate) { at_exit = {&of_thread_local, &gate}; });
}

// The destructor of a thread-specific value is the thread's last act.
void specific() {
  static pthread_key_t key;
  static Gate over;
  pthread_key_create(&key, [](void* shared) { ++*static_cast<int*>(shared), over.open(); });
  std::thread thread([] { pthread_setspecific(key, &of_specific); });
  if (without) over.wait(), ++of_specific;
  thread.join();
  if (!without) ++of_specific;
}

template <typename End>
void end_by(int& shared, void* (*body)(void*), End end) {
  Gate gate;
  pthread_t thread;
  pthread_create(&thread, nullptr, body, &gate);
  gate.wait();
  if (without) ++shared;
  end(thread);
  if (!without) ++shared;
}

void other_ends() {
  end_by(of_exit, adds_and_exits, [](pthread_t thread) { pthread_join(thread, nullptr); });
  end_by(
      of_tryjoin,
      [](void* gate) -> void* {
        ++of_tryjoin;
        static_cast<Gate*>(gate)->open();
        return nullptr;
      },
      [](pthread_t thread) {
        while (pthread_tryjoin_np(thread, nullptr) != 0) sched_yield();
      });
  end_by(of_cancel, is_cancelled, [](pthread_t thread) {
    pthread_cancel(thread);
    pthread_join(thread, nullptr);
  });
  Gate gate;
  thrd_t thread;
  thrd_create(&thread, adds_in_c11, &gate);
  gate.wait();
  if (without) ++of_c11;
  int value = 0;
  thrd_join(thread, &value);
  if (value != 7) std::puts("wrong value");
  if (!without) ++of_c11;
  static sem_t over;
  sem_init(&over, 0, 0);
  static Gate left;
  std::thread([] {
    ++of_detached;
    without ? left.open() : static_cast<void>(sem_post(&over));
  }).detach();
  without ? left.wait() : static_cast<void>(sem_wait(&over));
  ++of_detached;
}

// Who waits has the mutex first, so that all it learns it learns from the wait.
void conditions() {
  static std::mutex mutex;
  static std::condition_variable condition;
  static std::condition_variable_any any;
  static bool told;
  const auto leave = [](Gate& waits, auto notify) {
    return [&waits, notify] {
      waits.wait();
      {
        std::scoped_lock lock(mutex);
        told = true;
      }
      notify();
    };
  };
  const auto is_told = [] { return std::exchange(told, false); };
  Gate waits[4];
  handed_on(of_condition, leave(waits[0], [] { condition.notify_all(); }), [&] {
    std::unique_lock lock(mutex);
    waits[0].open();
    condition.wait(lock, is_told);
  });
  handed_on(of_timed_condition, leave(waits[1], [] { condition.notify_one(); }), [&] {
    std::unique_lock lock(mutex);
    waits[1].open();
    while (!condition.wait_for(lock, 1h, is_told)) {
    }
  });
  handed_on(of_any_condition, leave(waits[2], [] { any.notify_one(); }), [&] {
    std::unique_lock lock(mutex);
    waits[2].open();
    any.wait(lock, is_told);
  });
  static mtx_t c11_mutex;
  static cnd_t c11;
  static bool c11_told = false;
  mtx_init(&c11_mutex, mtx_plain);
  cnd_init(&c11);
  handed_on(
      of_c11_condition,
      [&] {
        waits[3].wait();
        mtx_lock(&c11_mutex);
        c11_told = true;
        mtx_unlock(&c11_mutex);
        cnd_signal(&c11);
      },
      [&] {
        mtx_lock(&c11_mutex);
        waits[3].open();
        while (!c11_told) cnd_wait(&c11, &c11_mutex);
        mtx_unlock(&c11_mutex);
      });
}

void rendezvous() {
  static pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, 2);
  const auto meet = [] { pthread_barrier_wait(&barrier); };
  handed_on(of_pthread_barrier, meet, meet);
  static std::barrier standard(2);
  const auto arrive = [] { standard.arrive_and_wait(); };
  handed_on(of_barrier, arrive, arrive);
  static std::latch latch(1);
  handed_on(of_latch, [] { latch.count_down(); }, [] { latch.wait(); });
  static std::counting_semaphore<3> counting(0);
  handed_on(of_semaphore, [] { counting.release(); }, [] { counting.acquire(); });
  static sem_t sem;
  sem_init(&sem, 0, 0);
  handed_on(
      of_sem, [] { sem_post(&sem); },
      [] {
        while (sem_trywait(&sem) != 0) sched_yield();
      });
}

void futures_and_the_rest() {
  static std::promise<void> promise;
  handed_on(of_future, [] { promise.set_value(); }, [] { promise.get_future().wait(); });
  Gate gate;
  auto task = std::async(std::launch::async, [&] { ++of_async, gate.open(); });
  without ? gate.wait() : task.get();
  ++of_async;
  static std::atomic<int> flag{0};
  handed_on(of_atomic_wait, [] { flag.store(1), flag.notify_all(); }, [] { flag.wait(0); });
  static std::stop_source stop;
  handed_on(
      of_stop, [] { stop.request_stop(); },
      [] {
        while (!stop.get_token().stop_requested()) sched_yield();
      });
}

// The routine of one thread, and another that comes later.
void onces() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static Gate done;
  const auto call = [] { pthread_once(&once, [] { ++of_once; }); };
  both([&] { call(), done.open(); },
       [&] {
         done.wait();
         if (!without) call();
         ++of_once;
       });
  static std::once_flag flag;
  static Gate called;
  const auto call_standard = [] {
    for (int i = 0; i < 2; ++i) {
      try {
        std::call_once(flag, [&] {
          ++of_call_once;
          if (i == 0) throw 1;
        });
        return;
      } catch (int) {
      }
    }
  };
  both([&] { call_standard(), called.open(); },
       [&] {
         called.wait();
         if (!without) call_standard();
         ++of_call_once;
       });
}

int main(int argc, char** arguments) {
  without = argc > 1;
  specific();
  if (without && std::strcmp(arguments[1], "specific") == 0) return 0;
  begin_and_end();
  other_ends();
  conditions();
  rendezvous();
  futures_and_the_rest();
  onces();
  std::puts("done");
}
// ORDERED: done
// CHECK-DAG: Location is global 'of_create'
// CHECK-DAG: Location is global 'of_join'
// CHECK-DAG: Location is global 'of_thread_local'
// CHECK-DAG: Location is global 'of_specific'
// CHECK-DAG: Location is global 'of_exit'
// CHECK-DAG: Location is global 'of_tryjoin'
// CHECK-DAG: Location is global 'of_cancel'
// CHECK-DAG: Location is global 'of_c11'
// CHECK-DAG: Location is global 'of_detached'
// CHECK-DAG: Location is global 'of_condition'
// CHECK-DAG: Location is global 'of_timed_condition'
// CHECK-DAG: Location is global 'of_any_condition'
// CHECK-DAG: Location is global 'of_c11_condition'
// CHECK-DAG: Location is global 'of_pthread_barrier'
// CHECK-DAG: Location is global 'of_barrier'
// CHECK-DAG: Location is global 'of_latch'
// CHECK-DAG: Location is global 'of_semaphore'
// CHECK-DAG: Location is global 'of_sem'
// CHECK-DAG: Location is global 'of_future'
// CHECK-DAG: Location is global 'of_async'
// CHECK-DAG: Location is global 'of_atomic_wait'
// CHECK-DAG: Location is global 'of_stop'
// CHECK-DAG: Location is global 'of_once'
// CHECK-DAG: Location is global 'of_call_once'
// CHECK: precision: exact
