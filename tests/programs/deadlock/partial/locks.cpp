// Fibers that wait for a lock, a join or a Once whose holder, target or runner can never run
// again, while everybody can reach the objects. -DFIXED wakes the one they all depend on.
// They are one finding, unless a worker that has just run one of them might be about to wake it:
// then that one is found by the next look.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t 2>&1 | FileCheck %s
// RUN: %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DFIXED %s -o %t.fixed && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "../../found.h"

fiber::Mutex mutex;
fiber::RwMutex being_read, written;
fiber::Once once;
fiber::WaitGroup ready, all;
#ifdef FIXED
fiber::Channel<int> wake;
#endif

void go(const char* name, std::function<void()> body) {
  all.go(fiber::FiberOptions{.name = name}, std::move(body));
}

// The holder of everything waits for what nobody has.
fiber::Handle<void> start_holder() {
  fiber::Channel<int> channel;
#ifdef FIXED
  wake = channel;
#endif
  ready.add(1);
  return fiber::spawn(fiber::FiberOptions{.name = "holder"}, [channel] {
    std::scoped_lock lock(mutex, written);
    std::shared_lock reader(being_read);
    once.call([&] {
      ready.done();
      channel.receive();
    });
  });
}

std::optional<fiber::Handle<void>> holder;

int main() {
  return fiber::run([] {
    fiber::spawn([] { holder = start_holder(); }).join();
    ready.wait();
    go("lock", [] { std::scoped_lock lock(mutex); });
    go("write", [] { std::scoped_lock lock(being_read); });
    go("read", [] { std::shared_lock lock(written); });
    go("once", [] { once.call([] {}); });
    go("join", [] { holder->join(); });
    while (fiber::stats().fibers_waiting < 6) fiber::yield();
    print_found(6);
#ifdef FIXED
    wake.close();
    all.wait();
#endif
  });
}
// CHECK: WARNING: FiberSan: partial deadlock
// CHECK-DAG: 'holder' waits: chan receive on channel 0x
// CHECK-DAG: 'lock' waits: mutex lock on mutex 0x{{.*}}'mutex'{{.*}}, held by fiber {{[0-9]+}} 'holder'
// CHECK-DAG: 'write' waits: rwmutex lock on rwmutex 0x{{.*}}'being_read'{{.*}}, held by fiber {{[0-9]+}} 'holder'
// CHECK-DAG: 'read' waits: rwmutex read lock on rwmutex 0x{{.*}}'written'{{.*}}, held by fiber {{[0-9]+}} 'holder'
// CHECK-DAG: 'once' waits: once on once 0x
// CHECK-DAG: 'join' waits: join on fiber
// CHECK: found 6
// CHECK: FiberSan: reported {{[1-6]}} warnings; precision: exact
// FIXED: found 0
