// Without the detector misuse is an exception all the same, and one that nobody takes
// ends the program with the name of the fiber.
//
// RUN: %fiber %s -o %t && %run %t 2>&1 | FileCheck %s
// RUN: %fiber -DUNCAUGHT %s -o %t.uncaught && not --crash %run %t.uncaught 2>&1 | FileCheck %s --check-prefix=UNCAUGHT
#include <fiber/fiber.h>

#include <cstdio>

int main() {
  return fiber::run([] {
    fiber::Channel<int> channel(1);
    fiber::WaitGroup group;
    fiber::Mutex mutex;
    channel.close();
#ifdef UNCAUGHT
    fiber::go(fiber::FiberOptions{.name = "careless"}, [=] { channel.send(1); });
    fiber::Channel<int>().receive();
#else
    try {
      channel.send(1);
    } catch (const fiber::Error& e) {
      std::printf("channel: %s\n", e.what());
    }
    try {
      group.done();
    } catch (const fiber::Error& e) {
      std::printf("group: %s\n", e.what());
    }
    try {
      mutex.unlock();
    } catch (const fiber::Error& e) {
      std::printf("mutex: %s\n", e.what());
    }
#endif
  });
}
// CHECK: channel: {{.+}}
// CHECK: group: {{.+}}
// CHECK: mutex: {{.+}}
// UNCAUGHT: fiber 2 'careless'
