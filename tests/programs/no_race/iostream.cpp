// Streams shared by fibers under a Mutex, and streams of their own without one.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <iomanip>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>

fiber::Mutex mutex;

std::string format(int n) {
  std::ostringstream text;
  text << std::setw(4) << std::setfill('0') << n << ' ' << std::fixed << std::setprecision(2)
       << n / 3.0;
  return text.str();
}

int parse(const std::string& text) {
  std::istringstream stream(text);
  int n = 0;
  double third = 0;
  stream >> n >> third;
  return n;
}

int main() {
  return fiber::run([] {
    fiber::WaitGroup writers;
    for (int i = 0; i < 20; ++i)
      writers.go([i] {
        const std::string line = format(i);
        fiber::yield();
        std::scoped_lock lock(mutex);
        std::cout << line << " and back " << parse(line) << std::endl;
      });
    writers.wait();
    std::cout << "done" << std::endl;
  });
}
// CHECK-DAG: 0007 2.33 and back 7
// CHECK-DAG: 0019 6.33 and back 19
// CHECK: done
