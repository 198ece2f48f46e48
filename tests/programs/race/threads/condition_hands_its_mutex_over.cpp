// A wait for a condition releases its mutex and takes it again inside the C library: whoever has
// the mutex meanwhile comes after what the waiter did before, and before what it does afterwards.
// Without the mutex (argument) both are races.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
// RUN: %exits 66 %run %t without > %t.out 2>&1
// RUN: FileCheck %s < %t.out
#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstdio>

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
std::atomic<bool> waits{false}, told{false};
int before_the_wait, meanwhile;
bool without = false;

void* wait_for_it(void*) {
  pthread_mutex_lock(&mutex);
  before_the_wait = 1;
  waits.store(true, std::memory_order_relaxed);
  while (!told.load(std::memory_order_relaxed)) pthread_cond_wait(&changed, &mutex);
  std::printf("meanwhile %d\n", meanwhile);
  pthread_mutex_unlock(&mutex);
  return nullptr;
}

int main(int argc, char**) {
  without = argc > 1;
  pthread_t thread;
  pthread_create(&thread, nullptr, wait_for_it, nullptr);
  while (!waits.load(std::memory_order_relaxed)) sched_yield();
  // Free only once the other thread is in its wait: it cannot have missed what comes.
  pthread_mutex_lock(&mutex);
  if (without) pthread_mutex_unlock(&mutex);
  int seen = 0;
  if (!without) seen = before_the_wait;
  meanwhile = 2;
  told.store(true, std::memory_order_relaxed);
  if (!without) pthread_mutex_unlock(&mutex);
  pthread_cond_signal(&changed);
  pthread_join(thread, nullptr);
  std::printf("before %d\n", seen);
}
// ORDERED: meanwhile 2
// ORDERED: before 1
// CHECK: WARNING: FiberSan: data race
// CHECK: Location is global 'meanwhile'
