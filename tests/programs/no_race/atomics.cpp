// Atomics order by what C++ says: release and acquire, seq_cst, read-modify-writes,
// release sequences, fences; and relaxed ones are no race among themselves.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>

template <typename Publish, typename Seen>
void check(const char* name, Publish publish, Seen seen) {
  long data = 0;
  std::atomic<long> flag = 0;
  fiber::WaitGroup both;
  both.go([&] { data = 42, publish(flag); });
  both.go([&] {
    while (!seen(flag)) fiber::yield();
    std::printf("%s: %ld\n", name, data);
  });
  both.wait();
}

int main() {
  using Flag = std::atomic<long>;
  constexpr auto relaxed = std::memory_order_relaxed, acquire = std::memory_order_acquire,
                 release = std::memory_order_release, acq_rel = std::memory_order_acq_rel;
  return fiber::run([] {
    check("seq_cst", [](Flag& f) { f = 1; }, [](Flag& f) { return f == 1; });
    check(
        "release", [](Flag& f) { f.store(1, release); },
        [](Flag& f) { return f.load(acquire) == 1; });
    check(
        "fences", [](Flag& f) { std::atomic_thread_fence(release), f.store(1, relaxed); },
        [](Flag& f) {
          const bool set = f.load(relaxed) == 1;
          std::atomic_thread_fence(acquire);
          return set;
        });
    check(
        "release sequence",
        [](Flag& f) { f.store(1, release), f.fetch_add(1, relaxed), f.fetch_or(4, relaxed); },
        [](Flag& f) { return f.load(acquire) == 6; });
    check(
        "exchange", [](Flag& f) { f.exchange(1, release); },
        [](Flag& f) { return f.exchange(0, acquire) == 1; });
    check(
        "compare_exchange",
        [](Flag& f) {
          long expected = 0;
          f.compare_exchange_strong(expected, 1, acq_rel);
        },
        [](Flag& f) {
          long expected = 1;
          return f.compare_exchange_weak(expected, 2, acquire, relaxed);
        });
    std::atomic<long> counter = 0;
    fiber::WaitGroup all;
    for (int i = 0; i < 50; ++i) all.go([&] { counter.fetch_add(1, relaxed); });
    all.wait();
    std::printf("counter: %ld\n", counter.load(relaxed));
  });
}
// CHECK: seq_cst: 42
// CHECK: release: 42
// CHECK: fences: 42
// CHECK: release sequence: 42
// CHECK: exchange: 42
// CHECK: compare_exchange: 42
// CHECK: counter: 50
