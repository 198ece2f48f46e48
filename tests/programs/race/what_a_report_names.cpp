// The words of a report beyond the two stacks: the thread_local variable and whose it is, the local
// of a fiber or thread that runs meanwhile, the operations that released and acquired last. Without
// debug information: no frame of the library at either end of a stack.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 %run %t own_copy 2>&1 | FileCheck %s --check-prefix=OWN --implicit-check-not=WARNING
// RUN: %exits 66 %run %t copy_of_thread 2>&1 | FileCheck %s --check-prefix=OTHERS --implicit-check-not=WARNING
// RUN: %exits 66 %run %t on_fiber 2>&1 | FileCheck %s --check-prefixes=LOCAL,FIBER --implicit-check-not=WARNING
// RUN: %exits 66 %run %t on_thread 2>&1 | FileCheck %s --check-prefixes=LOCAL,THREAD --implicit-check-not=WARNING
// RUN: %exits 66 %run %t spawned 2>&1 | FileCheck %s --check-prefix=SPAWNED --implicit-check-not=WARNING
// RUN: %exits 66 %run %t unlocked 2>&1 | FileCheck %s --check-prefix=UNLOCKED --implicit-check-not=WARNING
// RUN: %exits 66 %run %t threads 2>&1 | FileCheck %s --check-prefix=THREADS --implicit-check-not=WARNING
// RUN: %exits 66 %run %t readers 2>&1 | FileCheck %s --check-prefix=READERS --implicit-check-not=WARNING
// RUN: %exits 66 %run %t channels 2>&1 | FileCheck %s --check-prefix=CHANNELS --implicit-check-not=WARNING
//
// RUN: %fibersan -g0 %s -o %t.bare
// RUN: %exits 66 %run %t.bare nested 2>&1 | FileCheck %s --check-prefix=BARE --implicit-check-not=WARNING --implicit-check-not=fiber::
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

#include "../turn.h"

struct Counters {
  int before[2];
  int counter;
};
thread_local Counters of_thread;
int shared;
std::mutex system_lock;
Turn turn;

__attribute__((noinline)) void add(int* place) { *place += 1; }

// Two fibers: what the first does, and what the second does before its access.
void pair(auto first, auto second) {
  fiber::WaitGroup both;
  both.go([&] { first(), turn.done(), turn.after(2); });
  both.go([&] { turn.after(1), second(), add(&shared), turn.done(); });
  both.wait();
}

// On one processor there is one copy.
void own_copy() {
  fiber::set_processors(1);
  int* const place = &of_thread.counter;
  pair([=] { add(place); }, [=] { add(place); });
}
// OWN: WARNING: FiberSan: data race
// OWN: Location is thread_local 'of_thread' of size 12 at 0x{{[0-9a-f]+}} of {{the thread of fiber|main thread}}
// OWN-NEXT: [8 bytes into it]

std::atomic<int*> of_other{nullptr};
std::atomic<bool> is_over{false};

int* wait_for_place() {
  while (of_other.load(std::memory_order_relaxed) == nullptr) std::this_thread::yield();
  return of_other.load(std::memory_order_relaxed);
}

void publish(int* place) {
  add(place);
  of_other.store(place, std::memory_order_relaxed);
  while (!is_over.load(std::memory_order_relaxed)) std::this_thread::yield();
}

void copy_of_thread() {
  std::thread thread([] { publish(&of_thread.counter); });
  add(wait_for_place());
  is_over.store(true, std::memory_order_relaxed);
  thread.join();
}
// OTHERS: WARNING: FiberSan: data race
// OTHERS: Location is thread_local 'of_thread' of size 12 at 0x{{[0-9a-f]+}} of thread 1
// OTHERS-NEXT: [8 bytes into it]

__attribute__((noinline)) void with_local() {
  Counters local = {};
  publish(&local.counter);
  std::printf("%d\n", local.counter);
}
void use_local() {
  add(wait_for_place());
  is_over.store(true, std::memory_order_relaxed);
}
void on_fiber() {
  fiber::WaitGroup both;
  both.go([] { with_local(); });
  both.go(use_local);
  both.wait();
}
void on_thread() {
  std::thread thread(with_local), other(use_local);
  thread.join();
  other.join();
}
// LOCAL: WARNING: FiberSan: data race
// THREAD: Location is stack of thread 1, variable 'local' of size 12 in with_local() {{.*}}what_a_report_names.cpp:[[@LINE-20]]
// FIBER: Location is stack of fiber {{[0-9]+}}, variable 'local' of size 12 in with_local() {{.*}}what_a_report_names.cpp:[[@LINE-21]]
// LOCAL-NEXT: [8 bytes into it]

void spawned() {
  pair([] { add(&shared), fiber::go([] {}); }, [] { fiber::spawn([] {}).join(); });
}
// SPAWNED: WARNING: FiberSan: data race
// SPAWNED: [why no happens-before: fiber {{[0-9]+}} last released in fiber::go() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:{{[0-9]+}}; fiber {{[0-9]+}} last acquired in fiber::Handle::join() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:

void unlocked() {
  pair([] { add(&shared), std::scoped_lock(system_lock); }, [] {});
}
// UNLOCKED: WARNING: FiberSan: data race
// UNLOCKED: [why no happens-before: fiber {{[0-9]+}} last released 'system_lock' in std::{{.*}} at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:{{[0-9]+}}; fiber {{[0-9]+}} has acquired nothing since it began

void threads() {
  pair([] { add(&shared), std::thread([] {}).detach(); }, [] { std::thread([] {}).join(); });
}
// THREADS: WARNING: FiberSan: data race
// THREADS: [why no happens-before: fiber {{[0-9]+}} last released in std::thread::thread() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:{{[0-9]+}}; fiber {{[0-9]+}} last acquired in std::thread::join() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:

fiber::RwMutex readers_lock;
void readers() {
  pair([] { add(&shared), readers_lock.lock_shared(), readers_lock.unlock_shared(); },
       [] { readers_lock.lock_shared(), readers_lock.unlock_shared(); });
}
// READERS: WARNING: FiberSan: data race
// READERS: [why no happens-before: fiber {{[0-9]+}} last released 'readers_lock' in fiber::RwMutex::unlock_shared() at {{.*}}what_a_report_names.cpp:[[@LINE-4]]:{{[0-9]+}}; fiber {{[0-9]+}} last acquired 'readers_lock' in fiber::RwMutex::lock_shared() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:

void channels() {
  fiber::Channel<int> one(1), other(1);
  pair([&] { add(&shared), one.send(1); }, [&] { other.send(1), other.receive(); });
}
// CHANNELS: WARNING: FiberSan: data race
// CHANNELS: [why no happens-before: fiber {{[0-9]+}} last released in fiber::Channel::send() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:{{[0-9]+}}; fiber {{[0-9]+}} last acquired in fiber::Channel::receive() at {{.*}}what_a_report_names.cpp:[[@LINE-3]]:

void nested() {
  fiber::spawn([] {
    auto inner = fiber::spawn([] { add(&shared), turn.done(); });
    turn.after(1);
    add(&shared);
    inner.join();
  }).join();
}
// BARE: WARNING: FiberSan: data race
// BARE-NEXT: Write of size 4
// BARE-NEXT: #0 add(int*)
// BARE-NEXT: #1 nested()::$_0::operator()
// BARE-NEXT: Previous write of size 4
// BARE-NEXT: #0 add(int*)
// BARE-NEXT: #1 nested()::$_0::operator()() const::'lambda'()::operator()
// BARE-NEXT: Location is global 'shared'
// BARE: Fiber {{[0-9]+}} (finished) created by fiber {{[0-9]+}} at:
// BARE-NEXT: #0 nested()::$_0::operator()
// BARE-NOT: #1
// BARE: SUMMARY

int main(int, char** arguments) {
  return fiber::run([way = arguments[1]] {
    const auto is = [way](const char* name) { return std::strcmp(way, name) == 0; };
    if (is("own_copy")) own_copy();
    if (is("copy_of_thread")) copy_of_thread();
    if (is("on_fiber")) on_fiber();
    if (is("on_thread")) on_thread();
    if (is("spawned")) spawned();
    if (is("unlocked")) unlocked();
    if (is("threads")) threads();
    if (is("readers")) readers();
    if (is("channels")) channels();
    if (is("nested")) nested();
  });
}
