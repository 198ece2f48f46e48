// Fibers that wait for what nobody has any more, one kind of object after the other: each is
// found while the program goes on. -DFIXED keeps what they wait for within reach.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t 2>&1 | FileCheck %s
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "../../found.h"

#ifdef FIXED
std::vector<std::shared_ptr<void>> kept;
void keep(std::shared_ptr<void> object) { kept.push_back(std::move(object)); }
#else
void keep(const std::shared_ptr<void>&) {}
#endif

template <typename T, typename... Args>
std::shared_ptr<T> make(Args... args) {
  auto made = std::make_shared<T>(args...);
  keep(made);
  return made;
}

using Channel = fiber::Channel<int>;

// Started by a fiber that ends: nothing is left of the references it had.
void start(const char* name, void (*leak)(const char*)) { fiber::spawn(leak, name).join(); }
void wait(const char* name, std::function<void()> body) {
  fiber::go(fiber::FiberOptions{.name = name}, std::move(body));
}

void start_all() {
  start("receiver",
        [](const char* name) { wait(name, [channel = make<Channel>()] { channel->receive(); }); });
  start("sender", [](const char* name) {
    wait(name, [channel = make<Channel>(1)] {
      channel->send(1);
      channel->send(2);
    });
  });
  start("range", [](const char* name) {
    wait(name, [channel = make<Channel>(5)] {
      for (int i : *channel) std::printf("%d\n", i);
    });
  });
  start("select", [](const char* name) {
    wait(name, [a = make<Channel>(), b = make<Channel>()] {
      fiber::select(fiber::on_receive(*a), fiber::on_send(*b, 1));
    });
  });
  start("group", [](const char* name) {
    auto group = make<fiber::WaitGroup>();
    group->add(1);
    wait(name, [group] { group->wait(); });
  });
  start("semaphore", [](const char* name) {
    wait(name, [permits = make<fiber::Semaphore>(0)] { permits->acquire(); });
  });
  start("condition", [](const char* name) {
    wait(name, [changed = make<fiber::ConditionVariable>(), mutex = make<fiber::Mutex>()] {
      std::unique_lock lock(*mutex);
      changed->wait(lock);
    });
  });
  start("barrier", [](const char* name) {
    wait(name, [barrier = make<fiber::Barrier>(2)] { barrier->arrive_and_wait(); });
  });
  start("context", [](const char* name) {
    auto [context, cancel] = fiber::with_cancel(fiber::Context::background());
    make<fiber::Cancel>(cancel);
    wait(name, [context = context] { context.done().receive(); });
  });
}

int main() {
  return fiber::run([] {
    fiber::spawn(start_all).join();
    print_found(9);
  });
}
// CHECK-DAG: 'receiver' waits: chan receive on channel 0x
// CHECK-DAG: 'sender' waits: chan send on channel 0x
// CHECK-DAG: 'range' waits: chan receive on channel 0x
// CHECK-DAG: 'select' waits: select on channel 0x{{.*}}, channel 0x
// CHECK-DAG: 'group' waits: waitgroup wait on waitgroup 0x
// CHECK-DAG: 'semaphore' waits: semaphore acquire on semaphore 0x
// CHECK-DAG: 'condition' waits: condition wait on condition variable 0x
// CHECK-DAG: 'barrier' waits: barrier wait on barrier 0x
// CHECK-DAG: 'context' waits: chan receive on channel 0x
// CHECK: found 9
// CHECK: FiberSan: reported 9 warnings; precision: exact
// FIXED: found 0
// PLAIN: found 0
