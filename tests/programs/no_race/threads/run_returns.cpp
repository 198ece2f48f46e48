// run() returns after all that its fibers had learned when they ended: of threads that they or
// others joined, of what threads handed on to them without being joined, of fibers that are in
// blocking calls when the run ends. What a thread or such a call does beside that main must
// not look at: with an argument it does.
//
// RUN: %fibersan -std=c++20 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=precision
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=precision
// RUN: %exits 66 %run %t beside 2>&1 | FileCheck %s --check-prefix=BESIDE
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t beside 2>&1 | FileCheck %s --check-prefix=BESIDE
#include <fiber/fiber.h>
#include <pthread.h>

#include <cstdio>
#include <mutex>
#include <thread>

#include "../../race/threads/gate.h"

bool beside = false;
int of_joined, of_jthread, of_tried, of_exited, of_detached, of_earlier;
int of_call, in_call;
int after_hand_over, in_call_unseen;

struct HandOver {
  std::mutex mutex;
  bool done = false;
  void hand_on() {
    std::scoped_lock lock(mutex);
    done = true;
  }
  bool is_done() {
    std::scoped_lock lock(mutex);
    return done;
  }
};
HandOver of_thread, before_run, of_blocked;
Gate joined, thread_is_done, run_is_over, call_is_over;

void call_outlasts_the_run() {
  fiber::go([] {
    of_call = 1;
    fiber::blocking([] {
      in_call = 1;
      of_blocked.hand_on();
      in_call_unseen = 1;
      run_is_over.wait();
      call_is_over.open();
    });
  });
  while (!of_blocked.is_done()) fiber::yield();
}

void* tried(void*) {
  of_tried = 1;
  return nullptr;
}

void threads_are_joined() {
  std::thread([] { of_joined = 1; }).join();
  {
    std::jthread thread([] { of_jthread = 1; });
  }
  pthread_t handle;
  pthread_create(&handle, nullptr, tried, nullptr);
  while (pthread_tryjoin_np(handle, nullptr) != 0) fiber::yield();
  static std::thread exits([] {
    of_exited = 1;
    pthread_exit(nullptr);
  });
  // Nobody joins this fiber.
  fiber::go([] {
    exits.join();
    joined.open();
  });
  fiber::blocking([] { joined.wait(); });
}

void thread_hands_on() {
  std::thread([] {
    of_detached = 1;
    of_thread.hand_on();
    after_hand_over = 1;
    thread_is_done.open();
  }).detach();
  while (!of_thread.is_done()) fiber::yield();
  while (!before_run.is_done()) fiber::yield();
}

int main(int argc, char**) {
  beside = argc > 1;
  // Here there is no thread but those of the run.
  int status = fiber::run(call_outlasts_the_run);
  int sum = of_call + in_call;
  if (beside) sum += in_call_unseen;
  run_is_over.open();
  call_is_over.wait();

  std::thread earlier([] {
    of_earlier = 1;
    before_run.hand_on();
  });
  status += fiber::run([] {
    threads_are_joined();
    thread_hands_on();
  });
  thread_is_done.wait();
  sum += of_joined + of_jthread + of_tried + of_exited + of_detached + of_earlier;
  if (beside) sum += after_hand_over;
  earlier.join();
  std::printf("sum %d\n", sum);
  return status;
}
// CHECK: sum 8
// BESIDE: Location is global 'in_call_unseen'
// BESIDE: Location is global 'after_hand_over'
// BESIDE: reported 2 warnings
