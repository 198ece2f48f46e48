// Memory that is unmapped takes its past with it: whoever maps the same place next is not
// ordered after its last user, and need not be. The racy twins: what stays mapped keeps its
// past, also where it grows in place; and the lock that lay there once orders nobody any more.
//
// RUN: %fibersan %s -o %t
// RUN: %run %t unmapped 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t mapped_over 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t moved 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t shrunk 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t attached 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t thread_stacks 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not="not the same"
// RUN: not %run %t stays 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: not %run %t grows 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: not %run %t stale_lock 2>&1 | FileCheck %s --check-prefix=RACE
// CHECK: done
// RACE: WARNING: FiberSan: data race
#include <fiber/fiber.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "../turn.h"

namespace {

// Small mappings are cleared cell by cell, large ones give their shadow back.
constexpr std::size_t kSizes[] = {std::size_t{16} << 10, std::size_t{2} << 20};

// Handed over without an edge.
using Place = std::atomic<char*>;

char* map(char* where, std::size_t size) {
  const int fixed = where == nullptr ? 0 : MAP_FIXED;
  void* const memory =
      mmap(where, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return static_cast<char*>(memory);
}

char* attach(char* where, std::size_t size) {
  const int id = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
  void* const memory = shmat(id, where, 0);
  shmctl(id, IPC_RMID, nullptr);
  if (memory == MAP_FAILED) std::abort();
  return static_cast<char*>(memory);
}

// All of it, so that no byte escapes.
void use(char* memory, std::size_t size) { std::memset(memory, 1, size); }

// Two fibers, one after the other in time, with no other order.
template <typename First, typename Second>
void one_after_the_other(First first, Second second) {
  Turn turn;
  fiber::WaitGroup both;
  both.go([&] { first(), turn.done(); });
  both.go([&] { turn.after(1), second(); });
  both.wait();
}

void map_twice(const std::string& how, std::size_t size) {
  Place place;
  char* const elsewhere = map(nullptr, size);
  // The system fills holes from the top: nobody else gets a place so far below the others.
  char* const lonely = elsewhere - (std::size_t{64} << 30);
  one_after_the_other(
      [&] {
        char* const memory = how == "attached" ? attach(lonely, size) : map(lonely, size);
        place.store(memory, std::memory_order_relaxed);
        use(memory, size);
        if (how == "unmapped") munmap(memory, size);
        if (how == "attached") shmdt(memory);
        if (how == "shrunk") mremap(memory, size, size / 2, 0);
        if (how == "moved" &&
            mremap(memory, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) != elsewhere)
          std::abort();
      },
      [&] {
        char* const memory = place.load(std::memory_order_relaxed);
        if (how == "attached") {
          use(attach(memory, size), size);
        } else if (how == "shrunk") {
          use(map(memory + size / 2, size / 2), size / 2);
        } else {
          use(map(memory, size), size);
        }
      });
  munmap(elsewhere, size);
}

// The C library keeps the stacks of threads that have ended, for the next ones.
void thread_stacks() {
  std::atomic<volatile char*> stacks[2] = {};
  const auto thread = [&](int i) {
    std::thread([&stacks, i] {
      volatile char local[4096];
      for (volatile char& byte : local) byte = 1;
      stacks[i].store(local, std::memory_order_relaxed);
    }).join();
  };
  one_after_the_other([&] { thread(0); }, [&] { thread(1); });
  if (stacks[0].load() != stacks[1].load()) std::fprintf(stderr, "not the same stack\n");
}

void stays(bool grows) {
  char* memory = map(nullptr, 2 * kSizes[0]);
  munmap(memory + kSizes[0], kSizes[0]);  // room to grow
  one_after_the_other([&] { use(memory, kSizes[0]); },
                      [&] {
                        if (grows && mremap(memory, kSizes[0], 2 * kSizes[0], 0) != memory)
                          std::abort();
                        use(memory, kSizes[0]);
                      });
}

void stale_lock() {
  int shared = 0;
  Place place;
  one_after_the_other(
      [&] {
        char* const memory = map(nullptr, kSizes[0]);
        place.store(memory, std::memory_order_relaxed);
        shared = 1;
        reinterpret_cast<std::atomic<int>*>(memory)->store(1, std::memory_order_release);
        munmap(memory, kSizes[0]);
      },
      [&] {
        char* const memory = map(place.load(std::memory_order_relaxed), kSizes[0]);
        reinterpret_cast<std::atomic<int>*>(memory)->load(std::memory_order_acquire);
        shared = 2;
      });
}

}  // namespace

int main(int, char** argv) {
  const std::string how = argv[1];
  return fiber::run([&] {
    if (how == "stays" || how == "grows") {
      stays(how == "grows");
    } else if (how == "stale_lock") {
      stale_lock();
    } else if (how == "thread_stacks") {
      thread_stacks();
    } else {
      for (const std::size_t size : kSizes) map_twice(how, size);
    }
    std::fprintf(stderr, "done\n");
  });
}
