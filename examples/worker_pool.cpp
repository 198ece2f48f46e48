// worker_pool FILE: four workers hash the lines of a file; the results come back
// through a channel and are combined.
// A worker keeps its result in one slot and sends the slot's address, so that it may
// overwrite a result that has not been read yet: a data race.
// -DFIXED sends the result itself.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t %S/data/gettysburg.txt 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed %S/data/gettysburg.txt 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

using Hash = std::uint64_t;

#ifdef FIXED
using Result = Hash;
#else
using Result = const Hash*;
#endif

Hash fnv1a(const std::string& line) {
  Hash hash = 14695981039346656037u;
  for (unsigned char c : line) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

void work(fiber::Channel<std::string> lines, fiber::Channel<Result> results, Hash& slot) {
  for (const std::string& line : lines) {
#ifdef FIXED
    slot = fnv1a(line);
    results.send(slot);
#else
    slot = fnv1a(line);  // racy: see combine()
    // CHECK: WARNING: FiberSan: data race
    // CHECK-DAG: {{Write|Previous write}} of size 8 at 0x{{[0-9a-f]+}} by fiber {{[0-9]+}} 'worker {{[0-3]}}':
    // CHECK-DAG: #0 work({{.*}}worker_pool.cpp:[[@LINE-3]]
    results.send(&slot);
#endif
  }
}

// The order of the results does not matter to the sum.
Hash combine(fiber::Channel<Result> results) {
  Hash sum = 0;
  for (const Result& result : results) {
#ifdef FIXED
    sum += result;
#else
    sum += *result;
    // CHECK-DAG: {{Read|Previous read}} of size 8 at 0x{{[0-9a-f]+}} by fiber 1:
    // CHECK-DAG: #0 combine({{.*}}worker_pool.cpp:[[@LINE-2]]
#endif
  }
  return sum;
}

void feed(const char* path, fiber::Channel<std::string> lines) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.send(line);
  lines.close();
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: worker_pool FILE\n");
    return 2;
  }
  return fiber::run([&] {
    constexpr int kWorkers = 4;
    fiber::Channel<std::string> lines(2);
    fiber::Channel<Result> results(2);
    std::vector<Hash> slots(kWorkers);
    fiber::WaitGroup workers;
    fiber::go(fiber::FiberOptions{.name = "feeder"}, [=] { feed(argv[1], lines); });
    for (int i = 0; i < kWorkers; ++i)
      workers.go(fiber::FiberOptions{.name = "worker " + std::to_string(i)},
                 [=, &slots] { work(lines, results, slots[i]); });
    fiber::go([&workers, results]() mutable {
      workers.wait();
      results.close();
    });
    std::printf("sum of the hashes: %016" PRIx64 "\n", combine(results));
  });
}
// CHECK: Location is heap block of size 32 at 0x{{[0-9a-f]+}} allocated by fiber 1:
// CHECK: Fiber {{[0-9]+}} 'worker {{[0-3]}}' ({{running|finished}}) created by fiber 1 at:
// CHECK: SUMMARY: FiberSan: data race {{.*}}worker_pool.cpp
// CHECK: FiberSan: reported 1 warnings; precision: exact
// FIXED: sum of the hashes: a2e0a98176583ead
