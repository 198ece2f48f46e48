// A function-local static is initialised once and seen complete by everyone; so is what
// a shared_ptr points to by whoever drops it last.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

const std::vector<std::string>& table() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 10; ++i) made.push_back("word " + std::to_string(i));
    return made;
  }();
  return words;
}

struct Shared {
  explicit Shared(long n) : numbers(n, 1) {}
  ~Shared() { std::printf("last owner sees %ld\n", numbers.back()); }
  std::vector<long> numbers;
};

int main() {
  return fiber::run([] {
    std::size_t total[20] = {};
    fiber::WaitGroup readers;
    auto shared = std::make_shared<Shared>(20);
    for (std::size_t i = 0; i < 20; ++i)
      readers.go([&total, i, mine = shared]() mutable {
        total[i] = table()[i % 10].size();
        mine->numbers[i] = static_cast<long>(i);
        mine.reset();
      });
    shared.reset();
    readers.wait();
    std::printf("%zu\n", total[19]);
  });
}
// CHECK: last owner sees 19
// CHECK: {{^}}6{{$}}
