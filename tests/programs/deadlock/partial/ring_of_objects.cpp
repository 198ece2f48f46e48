// Two fibers wait for each other through a channel and a WaitGroup that nobody else has. With a
// third one that has the channel, and only sleeps (-DALIVE), or one live alternative of a
// select (-DALTERNATIVE), nothing is found.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=deadlock_check_ms=0 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DALIVE %s -o %t.alive && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.alive 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %fibersan -DALTERNATIVE %s -o %t.select && env FIBERSAN_OPTIONS=deadlock_check_ms=20 %run %t.select 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "../../found.h"

fiber::Channel<int> alternative;
fiber::WaitGroup all;

void start_ring() {
  fiber::Channel<int> channel;
  auto group = std::make_shared<fiber::WaitGroup>();
  group->add(1);
  all.go(fiber::FiberOptions{.name = "receiver"}, [channel, group] {
#ifdef ALTERNATIVE
    fiber::select(fiber::on_receive(channel), fiber::on_receive(alternative));
#else
    channel.receive();
#endif
    group->done();
  });
  all.go(fiber::FiberOptions{.name = "waiter"}, [channel, group] {
    group->wait();
    channel.close();
  });
#ifdef ALIVE
  all.go([channel] {
    fiber::sleep_for(std::chrono::milliseconds(500));
    channel.send(1);
  });
#endif
}

int main() {
  return fiber::run([] {
    fiber::spawn(start_ring).join();
    print_found(2);
#ifdef ALTERNATIVE
    alternative.close();
#endif
#if defined(ALTERNATIVE) || defined(ALIVE)
    all.wait();
#endif
  });
}
// CHECK-DAG: 'receiver' waits: chan receive
// CHECK-DAG: 'waiter' waits: waitgroup wait
// CHECK: found 2
// CHECK: FiberSan: reported 2 warnings; precision: exact
// SILENT: found 0
