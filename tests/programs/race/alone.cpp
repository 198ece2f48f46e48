// While the main thread is alone nothing it does can race, and the detector keeps no edges. What
// it does then is ordered before whatever it starts; from the first thread on all is checked.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t written 2>&1 | FileCheck %s --check-prefixes=RACE,WRITTEN --implicit-check-not=WARNING
// RUN: %exits 66 %run %t left 2>&1 | FileCheck %s --check-prefixes=RACE,LEFT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t freed 2>&1 | FileCheck %s --check-prefixes=FREED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

std::atomic<int> flag{0}, done{0};
std::mutex mutex;
char buffer[256];
int plain, result;

int read_all() {
  int sum = plain + flag.load(std::memory_order_relaxed);
  for (const char byte : buffer) sum += byte;
  return sum;
}

void work_alone() {
  plain = plain + 1;
  std::memset(buffer, plain, sizeof buffer);
  const std::scoped_lock guard(mutex);
  flag.store(plain, std::memory_order_release);
  delete new std::string(100, 'x');
}

void wait_unordered() {
  while (done.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
}

int main(int, char** arguments) {
  const std::string what = arguments[1] == nullptr ? "" : arguments[1];
  work_alone();
  fiber::run([] {
    fiber::go([] { plain = read_all() - read_all() + 1; });
    for (int i = 0; i < 100; ++i) fiber::yield();
  });
  work_alone();
  fiber::run([] { fiber::spawn([] { plain = read_all() - read_all() + plain; }).join(); });
  work_alone();
  char* block = new char[16]();
  std::thread thread([block, what] {
    const int sum = what == "freed" ? block[3] : read_all();
    if (what == "left") result = sum;
    done.store(1, std::memory_order_relaxed);
  });
  if (what == "left") {
    thread.detach();
    wait_unordered();
    result = 7;
  } else if (what == "written") {
    wait_unordered();
    std::memset(buffer, 7, sizeof buffer);
  } else if (what == "freed") {
    wait_unordered();
    delete[] block;
    block = nullptr;
  }
  if (thread.joinable()) thread.join();
  delete[] block;
  std::puts("ended");
}
// SILENT: ended
// RACE: WARNING: FiberSan: data race
// WRITTEN-NEXT: Write of size 256
// LEFT-NEXT: Write of size 4
// FREED: WARNING: FiberSan: heap-use-after-free race
// RACE: FiberSan: reported 1 warnings; precision: exact
// FREED: FiberSan: reported 1 warnings; precision: exact
