// philosophers FILE: each line of the file names a philosopher at a round table; a fork
// lies between any two of them, and eating takes both neighbouring forks.
// Each takes the left fork first and then reaches for the right one: once all hold
// their left fork, a deadlock: reported when the last one blocks, and again when nothing goes on.
// -DFIXED takes the fork with the lower number first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/philosophers.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/philosophers.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fiber %s -o %t.plain && %exits 2 %run %t.plain %S/data/philosophers.txt 2>&1 | FileCheck %s --check-prefix=PLAIN
#include <fiber/fiber.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

using namespace std::chrono_literals;

constexpr int kMeals = 10;

void dine(fiber::Mutex& first, fiber::Mutex& second) {
  for (int meal = 0; meal < kMeals; ++meal) {
    std::scoped_lock one(first);
    fiber::sleep_for(2ms);  // long enough for the others to take their first fork
    std::scoped_lock other(second);
    // CHECK: WARNING: FiberSan: partial deadlock
    // CHECK: WARNING: FiberSan: global deadlock
    // CHECK-DAG: dine({{.*}}philosophers.cpp:[[@LINE-3]]:
  }
}

std::vector<std::string> read_names(const char* path) {
  std::vector<std::string> names;
  std::ifstream file(path);
  for (std::string name; file >> name;) names.push_back(name);
  return names;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: philosophers FILE\n");
    return 2;
  }
  return fiber::run([&] {
    const std::vector<std::string> names = read_names(argv[1]);
    std::vector<fiber::Mutex> forks(names.size());
    fiber::WaitGroup table;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t first = i, second = (i + 1) % names.size();
#ifdef FIXED
      if (second < first) std::swap(first, second);
#endif
      table.go(fiber::FiberOptions{.name = names[i]},
               [&forks, first, second] { dine(forks[first], forks[second]); });
    }
    table.wait();
    std::printf("%zu philosophers had %d meals each\n", names.size(), kMeals);
  });
}
// CHECK-DAG: Fiber 1 waits: waitgroup wait on waitgroup 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'Aristotle' waits: mutex lock on mutex 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'Hypatia' waits: mutex lock on mutex 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'Kant' waits: mutex lock on mutex 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'Marx' waits: mutex lock on mutex 0x
// CHECK-DAG: Fiber {{[0-9]+}} 'Russell' waits: mutex lock on mutex 0x
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: 5 philosophers had 10 meals each
// PLAIN: fatal error: all fibers are asleep - deadlock!
// PLAIN-DAG: fiber 1{{.*}}waitgroup wait
// PLAIN-DAG: 'Aristotle'{{.*}}mutex lock
// PLAIN-DAG: 'Russell'{{.*}}mutex lock
