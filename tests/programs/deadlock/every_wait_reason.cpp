// Everything that a fiber can wait for, all at once and for ever: each with the word of
// its reason and its object.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <shared_mutex>

fiber::Mutex mutex;
fiber::RwMutex written;
fiber::ConditionVariable changed;
fiber::Semaphore permits(0);
fiber::Barrier barrier(2);
fiber::Latch latch(1);
fiber::WaitGroup group;
fiber::Channel<int> full, empty;
fiber::Once once;

template <typename F>
void start([[maybe_unused]] const char* name, [[maybe_unused]] F f) {
#ifndef FIXED
  fiber::go(fiber::FiberOptions{.name = name}, f);
#endif
}

int main() {
  return fiber::run([] {
    mutex.lock();
    written.lock();
    group.add(1);
    start("send", [] { full.send(1); });
    start("receive", [] { empty.receive(); });
    start("select", [] { fiber::select(fiber::on_receive(empty), fiber::on_send(full, 1)); });
    start("lock", [] { std::scoped_lock lock(mutex); });
    start("write", [] { std::scoped_lock lock(written); });
    start("read", [] { std::shared_lock lock(written); });
    start("condition", [] {
      fiber::Mutex own;
      std::unique_lock lock(own);
      changed.wait(lock);
    });
    start("group", [] { group.wait(); });
    start("acquire", [] { permits.acquire(); });
    start("arrive", [] { barrier.arrive_and_wait(); });
    start("latch", [] { latch.wait(); });
    start("once", [] { once.call([] { once.call([] {}); }); });
    start("join", [] { fiber::spawn([] { empty.receive(); }).join(); });
#ifndef FIXED
    full.send(1);
#endif
    mutex.unlock();
    written.unlock();
    std::puts("done");
  });
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK-NEXT: 'once' waits: once on once {{.*}}, held by fiber {{[0-9]+}} 'once'
// CHECK: WARNING: FiberSan: global deadlock
// CHECK-DAG: 'send' waits: chan send on channel 0x
// CHECK-DAG: 'receive' waits: chan receive on channel 0x
// CHECK-DAG: 'select' waits: select on channel 0x{{[0-9a-f]+}}{{.*}}, channel 0x
// CHECK-DAG: 'lock' waits: mutex lock on mutex 0x
// CHECK-DAG: 'write' waits: rwmutex lock on rwmutex 0x
// CHECK-DAG: 'read' waits: rwmutex read lock on rwmutex 0x
// CHECK-DAG: 'condition' waits: condition wait on condition variable 0x
// CHECK-DAG: 'group' waits: waitgroup wait on waitgroup 0x
// CHECK-DAG: 'acquire' waits: semaphore acquire on semaphore 0x
// CHECK-DAG: 'arrive' waits: barrier wait on barrier 0x
// CHECK-DAG: 'latch' waits: barrier wait
// CHECK-DAG: 'once' waits: once on once 0x
// CHECK-DAG: 'join' waits: join on fiber
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: done
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: 'send'{{.*}}chan send
// PLAIN-DAG: 'receive'{{.*}}chan receive
// PLAIN-DAG: 'select'{{.*}}select
// PLAIN-DAG: 'lock'{{.*}}mutex lock
// PLAIN-DAG: 'write'{{.*}}rwmutex lock
// PLAIN-DAG: 'read'{{.*}}rwmutex read lock
// PLAIN-DAG: 'condition'{{.*}}condition wait
// PLAIN-DAG: 'group'{{.*}}waitgroup wait
// PLAIN-DAG: 'acquire'{{.*}}semaphore acquire
// PLAIN-DAG: 'arrive'{{.*}}barrier wait
// PLAIN-DAG: 'once'{{.*}}once
// PLAIN-DAG: 'join'{{.*}}join
