// Memory is bounded by what lives and by what is in the shadow, and nothing is forgotten for
// it: fibers that nobody waits for, and fibers that all live at once. The racy twin: what the
// first fiber wrote is found after all the others. With a budget of lanes the collector comes
// before any loss, and what has to be lost is counted. Long forms: tests/README.md.
//
// RUN: %fibersan -O1 %s -o %t
// RUN: env FIBERSAN_OPTIONS=summary=always %run %t forgotten 300000 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=summary=always %run %t alive 20000 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=summary=always:lane_budget=512 %run %t forgotten 20000 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBERSAN_OPTIONS=summary=always:lane_budget=40 %run %t alive 1000 2>&1 | FileCheck %s --check-prefix=BUDGET --implicit-check-not=WARNING
// RUN: not env FIBERSAN_OPTIONS=lane_budget=3 %run %t 2>&1 | FileCheck %s --check-prefix=FEW
// RUN: not %run %t racy 20000 2>&1 | FileCheck %s --check-prefix=RACY
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

long resident_mib() {
  long all = 0;
  long resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (std::fscanf(file, "%ld %ld", &all, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * 4 / 1024;
}

int written_once = 0;

// At most 64 at a time; nobody joins them, each has a heap block and takes a lock.
void forgotten(long fibers, bool racy) {
  fiber::Semaphore room(64);
  fiber::Mutex mutex;
  long count = 0;
  long early = 0;
  if (racy) fiber::go([] { written_once = 1; });
  for (long i = 0; i < fibers; ++i) {
    room.acquire();
    fiber::go([&] {
      auto value = std::make_unique<long>(1);
      {
        std::scoped_lock lock(mutex);
        count += *value;
      }
      value.reset();
      room.release();
    });
    if (i == fibers / 2) early = resident_mib();  // history and tables are mostly full
  }
  room.acquire(64);
  if (racy) fiber::spawn([] { written_once = 2; }).join();
  const long now = resident_mib();
  std::fprintf(stderr, "%ld fibers\n%ld MiB after half of them, %ld MiB\n", count, early, now);
  std::fputs(now <= early + 8 ? "memory: bounded\n" : "memory: grows\n", stderr);
}

// All at once: each leaves stamps in memory of its own and in memory that all read.
void alive(long fibers) {
  fiber::Semaphore gate(0);
  fiber::WaitGroup done;
  fiber::WaitGroup arrived;
  std::vector<long> cells(static_cast<std::size_t>(fibers));
  for (long i = 0; i < fibers; ++i) {
    arrived.add(1);
    done.go([&, i] {
      cells[static_cast<std::size_t>(i)] = i;
      arrived.done();
      gate.acquire();
    });
  }
  arrived.wait();
  const long all = resident_mib();
  gate.release(fibers);
  done.wait();
  long sum = 0;
  for (const long cell : cells) sum += cell != 0 ? 1 : 0;
  std::fprintf(stderr, "%ld fibers\n%ld MiB, memory: bounded\n", sum + 1, all);
}

int main(int argc, char** argv) {
  const char* const what = argc > 1 ? argv[1] : "forgotten";
  const long fibers = argc > 2 ? std::atol(argv[2]) : 300000;
  return fiber::run([&] {
    if (std::strcmp(what, "alive") == 0) {
      alive(fibers);
    } else {
      forgotten(fibers, std::strcmp(what, "racy") == 0);
    }
  });
}
// CHECK: {{[0-9]+}}0000 fibers
// CHECK: memory: bounded
// CHECK: reported 0 warnings; precision: exact
// BUDGET: 1000 fibers
// BUDGET: precision: {{.*}} without a lane
// FEW: unusable value '3' for option 'lane_budget' in FIBERSAN_OPTIONS: expected 16 to
// RACY: WARNING: FiberSan: data race
// RACY: many_fibers.cpp:{{[0-9]+}}
// RACY: reported 1 warnings; precision: exact
