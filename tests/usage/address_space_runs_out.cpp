// Address space that runs out later, when the detector wants to remember more: it says so once
// and the process ends with 1.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 1 %run %t syncs 256 2>&1 | FileCheck %s --implicit-check-not="internal error" --implicit-check-not="FiberSan: cannot"
// RUN: %exits 1 %run %t fibers 2048 2>&1 | FileCheck %s --implicit-check-not="internal error" --implicit-check-not="FiberSan: cannot"
// CHECK: FiberSan: cannot map {{[0-9]+}} bytes for {{.*}}: Cannot allocate memory (see ulimit -v
#include <fiber/fiber.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

std::atomic<int> syncs[1 << 18];

// As ulimit -v does, when so many KiB more than now are mapped.
void limit_address_space(unsigned long kibibytes) {
  unsigned long pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr || std::fscanf(file, "%lu", &pages) != 1) std::abort();
  std::fclose(file);
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = pages * 4096 + kibibytes * 1024;
  setrlimit(RLIMIT_AS, &limit);
}

int main(int, char** argv) {
  const std::string what = argv[1];
  return fiber::run([&] {
    fiber::Semaphore gate(0);
    fiber::WaitGroup all;
    limit_address_space(std::strtoul(argv[2], nullptr, 10));
    if (what == "syncs")
      for (auto& sync : syncs) sync.fetch_add(1, std::memory_order_acq_rel);
    if (what == "fibers")
      for (int i = 0; i < 200000; ++i) all.go([&gate] { gate.acquire(); });
    gate.release(200000);
    all.wait();
    std::fputs("done\n", stderr);
  });
}
