// cache FILE: how many Collatz steps each number of the file needs, asked by several
// fibers at once through one memoising cache.
// The cache looks before it locks ("double-checked locking") with a plain variable:
// a data race. -DFIXED looks with an acquire load and fills in with a release store.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/queries.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/queries.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <numeric>
#include <vector>

using Number = std::uint64_t;

Number collatz_steps(Number n) {
  Number steps = 0;
  for (; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return steps;
}

// Remembers the answers to the numbers below kSize.
class Cache {
 public:
  static constexpr Number kSize = 1 << 20;

  Number steps(Number n) {
    if (n >= kSize) return collatz_steps(n);
    if (Number known = look(n)) return known;
    std::scoped_lock lock(mutex_);
    if (Number known = look(n)) return known;  // another fiber was faster
    const Number steps = collatz_steps(n);
    fill_in(n, steps);
    return steps;
  }

 private:
#ifdef FIXED
  Number look(Number n) const { return steps_[n].load(std::memory_order_acquire); }
  void fill_in(Number n, Number steps) { steps_[n].store(steps, std::memory_order_release); }
  std::vector<std::atomic<Number>> steps_ = std::vector<std::atomic<Number>>(kSize);
#else
  Number look(Number n) const { return steps_[n]; }
  // CHECK: WARNING: FiberSan: data race
  // CHECK-DAG: {{Read|Previous read}} of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'client {{[0-9]}}':
  // CHECK-DAG: #0 {{.*}}look({{.*}}cache.cpp:[[@LINE-3]]
  void fill_in(Number n, Number steps) { steps_[n] = steps; }
  // CHECK-DAG: {{Write|Previous write}} of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'client {{[0-9]}}' (mutexes: write M1):
  // CHECK-DAG: #0 {{.*}}fill_in({{.*}}cache.cpp:[[@LINE-2]]
  std::vector<Number> steps_ = std::vector<Number>(kSize);
#endif
  fiber::Mutex mutex_;
};

std::vector<Number> read_queries(const char* path) {
  std::vector<Number> queries;
  std::ifstream file(path);
  for (Number n; file >> n;) queries.push_back(n);
  return queries;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: cache FILE\n");
    return 2;
  }
  return fiber::run([&] {
    const std::vector<Number> queries = read_queries(argv[1]);
    Cache cache;
    std::array<Number, 4> sums{};
    fiber::WaitGroup clients;
    for (std::size_t i = 0; i < sums.size(); ++i)
      clients.go(fiber::FiberOptions{.name = "client " + std::to_string(i)}, [&, i] {
        for (Number n : queries) sums[i] += cache.steps(n);
      });
    clients.wait();
    for (Number n : queries)
      std::printf("%ju: %ju steps\n", std::uintmax_t{n}, std::uintmax_t{cache.steps(n)});
    std::printf("%ju steps in all\n",
                std::uintmax_t{std::accumulate(sums.begin(), sums.end(), Number{0})});
  });
}
// CHECK: Location is heap block of size 8388608 at 0x{{[0-9a-f]+}} allocated by fiber 1:
// CHECK: SUMMARY: FiberSan: data race {{.*}}cache.cpp
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: 27: 111 steps
// FIXED: 63728127: 949 steps
// FIXED: 11324 steps in all
