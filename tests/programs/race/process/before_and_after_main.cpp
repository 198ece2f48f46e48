// Two threads race before main, and two after it, while static objects are destroyed: both races
// are reported. The program has an operator new of its own. -DFIXED joins the first thread first.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>

std::atomic<int> blocks{0};

void* operator new(std::size_t size) {
  blocks.fetch_add(1, std::memory_order_relaxed);
  if (void* block = std::malloc(size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

template <typename Write>
void write_twice(Write write) {
  std::atomic<bool> done{false};
  std::thread first([&] { write(), done.store(true, std::memory_order_relaxed); });
#ifdef FIXED
  first.join();
#endif
  std::thread second([&] {
    while (!done.load(std::memory_order_relaxed)) std::this_thread::yield();
    write();
  });
  second.join();
  if (first.joinable()) first.join();
}

int early_value;
int late_value;
void write_early() { ++early_value; }
void write_late() { ++late_value; }

struct Static {
  Static() { write_twice(write_early); }
  ~Static() { write_twice(write_late); }
} const object;

int main() { std::printf("main %d, allocated %d\n", early_value, blocks > 0); }
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 write_early() {{.*}}before_and_after_main.cpp:[[@LINE-10]]
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 write_late() {{.*}}before_and_after_main.cpp:[[@LINE-11]]
// CHECK: FiberSan: reported 2 warnings; precision: exact
// FIXED: main 2, allocated 1
