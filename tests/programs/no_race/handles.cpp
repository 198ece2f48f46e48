// What a Handle brings: values, references, move-only results, exceptions; once.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

int global = 5;

int main() {
  return fiber::run([] {
    std::printf("value %s\n", fiber::spawn([] { return std::string("text"); }).join().c_str());
    int& reference = fiber::spawn([]() -> int& { return global; }).join();
    std::printf("same object: %d\n", &reference == &global);
    std::printf("moved %d\n", *fiber::spawn([] { return std::make_unique<int>(6); }).join());
    std::printf("arguments %d\n", fiber::spawn([](int a, std::unique_ptr<int> b) { return a + *b; },
                                               1, std::make_unique<int>(2))
                                      .join());
    auto thrower = fiber::spawn([]() -> int { throw std::runtime_error("from the fiber"); });
    fiber::yield();
    try {
      thrower.join();
    } catch (const std::runtime_error& e) {
      std::printf("caught: %s\n", e.what());
    }
    std::printf("joinable: %d\n", thrower.joinable());
    try {
      thrower.join();
    } catch (const fiber::Error& e) {
      std::printf("twice: %s\n", e.what());
    }
  });
}
// CHECK: value text
// CHECK: same object: 1
// CHECK: moved 6
// CHECK: arguments 3
// CHECK: caught: from the fiber
// CHECK: joinable: 0
// CHECK: twice: {{.+}}
