// Every lock of the C and C++ libraries between two OS threads; with the second thread's lock
// left out, each is a race on the scenario's own variable.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=ORDERED --implicit-check-not=WARNING
// RUN: %exits 66 %run %t without > %t.out 2>&1
// RUN: FileCheck %s < %t.out
// RUN: FileCheck %s --check-prefix=FIRST < %t.out
// RUN: %exits 66 %run %t readers 2>&1 | FileCheck %s --check-prefix=READERS
#include <pthread.h>
#include <threads.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "gate.h"

using namespace std::chrono_literals;

bool without = false;

// `first` in a lock, then `second` in a lock or without one.
template <typename Lock, typename Unlock>
void one_after_the_other(int& shared, Lock lock, Unlock unlock) {
  Gate gate, over;
  std::thread first([&] {
    lock();
    ++shared;
    unlock();
    gate.open();
    over.wait();  // its end is no help
  });
  std::thread second([&] {
    gate.wait();
    if (!without) lock();
    ++shared;
    if (!without) unlock();
    over.open();
  });
  first.join();
  second.join();
}

int of_mutex, of_recursive, of_timed, of_absolute, of_try, of_spin, of_c11, of_robust;
int of_writer_then_writer, of_writer_then_reader, of_reader_then_writer;

void mutexes() {
  static std::mutex mutex;
  one_after_the_other(of_mutex, [] { mutex.lock(); }, [] { mutex.unlock(); });
  one_after_the_other(
      of_try,
      [] {
        while (!mutex.try_lock()) sched_yield();
      },
      [] { mutex.unlock(); });
  static std::recursive_mutex recursive;
  one_after_the_other(
      of_recursive,
      [] {
        recursive.lock();
        recursive.lock();
        recursive.unlock();
      },
      [] { recursive.unlock(); });
  static std::timed_mutex timed;
  one_after_the_other(
      of_timed,
      [] {
        while (!timed.try_lock_for(1s)) {
        }
      },
      [] { timed.unlock(); });
  static pthread_mutex_t absolute = PTHREAD_MUTEX_INITIALIZER;
  one_after_the_other(
      of_absolute,
      [] {
        const timespec late = {std::time(nullptr) + 100, 0};
        if (pthread_mutex_timedlock(&absolute, &late) != 0) std::puts("time-out");
      },
      [] { pthread_mutex_unlock(&absolute); });
  static pthread_spinlock_t spin;
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  one_after_the_other(
      of_spin, [] { pthread_spin_lock(&spin); }, [] { pthread_spin_unlock(&spin); });
  static mtx_t c11;
  mtx_init(&c11, mtx_plain);
  one_after_the_other(of_c11, [] { mtx_lock(&c11); }, [] { mtx_unlock(&c11); });
  mtx_destroy(&c11);
}

// The first thread ends with the mutex locked, and the second inherits it.
void robust_mutex() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  Gate gate;
  std::thread first([&] {
    pthread_mutex_lock(&mutex);
    ++of_robust;
    gate.open();
  });
  std::thread second([&] {
    gate.wait();
    if (!without && pthread_mutex_lock(&mutex) != EOWNERDEAD) std::puts("no owner died");
    ++of_robust;
    if (!without) pthread_mutex_unlock(&mutex);
  });
  first.join();
  second.join();
  pthread_mutex_destroy(&mutex);
}

void read_write_locks() {
  static std::shared_mutex mutex;
  one_after_the_other(of_writer_then_writer, [] { mutex.lock(); }, [] { mutex.unlock(); });
  Gate written, read;
  std::thread writer([&] {
    mutex.lock();
    of_writer_then_reader = 1;
    mutex.unlock();
    written.open();
    read.wait();
    if (!without) mutex.lock();
    of_reader_then_writer = 1;
    if (!without) mutex.unlock();
  });
  std::thread reader([&] {
    written.wait();
    if (!without) mutex.lock_shared();
    if (of_writer_then_reader + of_reader_then_writer != 1) std::puts("not written");
    if (!without) mutex.unlock_shared();
    read.open();
  });
  writer.join();
  reader.join();
}

// Two readers stay unordered, with their locks too.
int of_readers;
bool write_as_readers = false;
void readers() {
  std::shared_timed_mutex mutex;
  Gate gate;
  std::thread first([&] {
    std::shared_lock lock(mutex);
    if (write_as_readers) of_readers = 1;
    gate.open();
  });
  std::thread second([&] {
    gate.wait();
    std::shared_lock lock(mutex, 1s);
    if (write_as_readers) of_readers = 2;
  });
  first.join();
  second.join();
}

int main(int argc, char** arguments) {
  if (argc > 1 && std::strcmp(arguments[1], "readers") == 0) {
    write_as_readers = true;
    readers();
    return 0;
  }
  without = argc > 1;
  mutexes();
  robust_mutex();
  read_write_locks();
  readers();
  std::printf("%d %d\n", of_mutex, of_robust);
}
// ORDERED: 2 2
// FIRST: WARNING: FiberSan: data race
// FIRST-NEXT: Write of size 4 at {{.*}} by thread 2:
// FIRST: Previous write of size 4 at {{.*}} by thread 1 (mutexes: write M1):
// FIRST: Location is global 'of_mutex'
// FIRST: Mutex M1 ({{.*}}) 'mutexes()::mutex' acquired by thread 1 at:
// FIRST: Thread 2 (running) created by main thread at:
// FIRST-NEXT: #0
// FIRST: one_after_the_other
// FIRST: #{{[0-9]+}} main {{.*}}locks.cpp:

// READERS: by thread 2 (mutexes: read M1):
// READERS: by thread 1 (mutexes: read M1):
// READERS: Location is global 'of_readers'

// CHECK-DAG: Location is global 'of_mutex'
// CHECK-DAG: Location is global 'of_try'
// CHECK-DAG: Location is global 'of_recursive'
// CHECK-DAG: Location is global 'of_timed'
// CHECK-DAG: Location is global 'of_spin'
// CHECK-DAG: Location is global 'of_c11'
// CHECK-DAG: Location is global 'of_robust'
// CHECK-DAG: Location is global 'of_writer_then_writer'
// CHECK-DAG: Location is global 'of_writer_then_reader'
// CHECK-DAG: Location is global 'of_reader_then_writer'
// CHECK-DAG: Location is global 'of_absolute'
// CHECK: precision: exact
