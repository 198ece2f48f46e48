// Synchronisation objects work as globals, in constructors of globals and in main,
// before run and after it.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <mutex>
#include <vector>

extern fiber::Mutex mutex;
std::vector<int> log_entries;

struct Early {
  Early() {
    std::scoped_lock lock(mutex);  // constructed at compile time: usable before its line
    log_entries.push_back(1);
  }
} early;

fiber::Mutex mutex;
constinit fiber::WaitGroup group;
constinit fiber::Semaphore permits(2);
constinit fiber::RwMutex rw_mutex;
constinit fiber::Once once;
fiber::Channel<int> channel(1);

int main() {
  channel.send(1);
  group.add(1);
  once.call([] { log_entries.push_back(2); });
  fiber::run([] {
    fiber::go([] {
      std::scoped_lock lock(mutex, rw_mutex);
      permits.acquire();
      once.call([] { log_entries.push_back(99); });
      log_entries.push_back(*channel.receive() + 2);
      channel.send(5);
      group.done();
    });
    group.wait();
  });
  std::scoped_lock lock(mutex);
  std::printf("%zu entries, %d, then %d\n", log_entries.size(), log_entries.back(),
              *channel.receive());
}
// CHECK: 3 entries, 3, then 5
