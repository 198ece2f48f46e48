// What the library makes of atomics: flags, references, shared pointers, 16 bytes, a seqlock,
// double-checked initialisation, statics of functions, call_once, hazard-free hand-over of
// ownership through reference counts. All ordered, with fibers on several processors.
//
// RUN: %fibersan -std=c++20 -O1 -mcx16 %s -o %t && env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kFibers = 6;
constexpr int kRounds = 200;

template <typename Body>
void in_fibers(const char* name, Body body) {
  fiber::WaitGroup all;
  for (int i = 0; i < kFibers; ++i) all.go([&, i] { body(i); });
  all.wait();
  std::printf("%s\n", name);
}

struct SpinLock {
  std::atomic_flag taken;
  void lock() {
    while (taken.test_and_set(std::memory_order_acquire)) fiber::yield();
  }
  void unlock() { taken.clear(std::memory_order_release); }
};

void flags() {
  SpinLock spin;
  std::vector<int> guarded;
  in_fibers("atomic_flag", [&](int i) {
    for (int n = 0; n < kRounds; ++n) {
      spin.lock();
      guarded.push_back(i);
      spin.unlock();
    }
  });
}

void references() {
  int tickets = 0;
  std::vector<int> slots(kFibers * kRounds);
  in_fibers("atomic_ref", [&](int i) {
    for (int n = 0; n < kRounds; ++n)
      slots[std::atomic_ref<int>(tickets).fetch_add(1, std::memory_order_relaxed)] = i;
  });
}

void shared_pointers() {
  std::atomic<std::shared_ptr<const std::string>> current(std::make_shared<std::string>("0"));
  in_fibers("atomic shared_ptr", [&](int i) {
    for (int n = 0; n < kRounds; ++n) {
      if (n % 8 == i) current.store(std::make_shared<std::string>(std::to_string(n)));
      if (current.load()->empty()) std::printf("torn\n");
      fiber::yield();
    }
  });
  // The last owner destroys what all have written.
  auto shared = std::make_shared<std::vector<int>>(kFibers);
  std::vector<std::shared_ptr<std::vector<int>>> owners(kFibers, shared);
  std::weak_ptr<std::vector<int>> weak = shared;
  shared.reset();
  in_fibers("shared_ptr", [&](int i) {
    (*owners[i])[i] = i;
    owners[i].reset();
    if (auto locked = weak.lock()) (*locked)[i] += 1;
  });
}

void sixteen_bytes() {
  struct alignas(16) Pair {
    long number;
    const int* data;
  };
  std::atomic<Pair> pair(Pair{0, nullptr});
  std::vector<int> data(kRounds + 1);
  in_fibers("sixteen bytes", [&](int i) {
    for (int n = 1; n <= kRounds; ++n) {
      if (i == 0) {
        data[n] = n;
        pair.store({n, &data[n]});
      } else if (const Pair seen = pair.load(); seen.data != nullptr && *seen.data != seen.number) {
        std::printf("torn\n");
      }
      fiber::yield();
    }
  });
}

// Boehm, "Can seqlocks get along with programming language memory models?" (2012).
void seqlock() {
  std::atomic<unsigned> sequence{0};
  std::atomic<int> first{0}, second{0};
  in_fibers("seqlock", [&](int i) {
    for (int n = 1; n <= kRounds; ++n) {
      if (i == 0) {
        const unsigned begun = sequence.load(std::memory_order_relaxed) + 1;
        sequence.store(begun, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        first.store(n, std::memory_order_relaxed);
        second.store(n, std::memory_order_relaxed);
        sequence.store(begun + 1, std::memory_order_release);
      } else {
        const unsigned before = sequence.load(std::memory_order_acquire);
        const int one = first.load(std::memory_order_relaxed);
        const int two = second.load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        const unsigned after = sequence.load(std::memory_order_relaxed);
        if (before == after && before % 2 == 0 && one != two) std::printf("torn\n");
      }
      fiber::yield();
    }
  });
}

struct Tables {
  std::vector<std::string> names{100, std::string(40, 'x')};
};

void initialisation() {
  std::atomic<Tables*> tables{nullptr};
  fiber::Mutex mutex;
  in_fibers("double-checked", [&](int) {
    Tables* made = tables.load(std::memory_order_acquire);
    if (made == nullptr) {
      std::scoped_lock lock(mutex);
      made = tables.load(std::memory_order_relaxed);
      if (made == nullptr) tables.store(made = new Tables, std::memory_order_release);
    }
    if (made->names[7].size() != 40) std::printf("torn\n");
  });
  delete tables.load();
  in_fibers("static", [&](int) {
    static const Tables kept;
    if (kept.names[7].size() != 40) std::printf("torn\n");
  });
}

// A counted owner deletes what the others wrote: release on the way down, acquire at the end.
void reference_count() {
  struct Node {
    std::atomic<int> owners{kFibers};
    int written[kFibers] = {};
  };
  Node* node = new Node;
  in_fibers("reference count", [node](int i) {
    node->written[i] = i;
    if (node->owners.fetch_sub(1, std::memory_order_release) == 1) {
      std::atomic_thread_fence(std::memory_order_acquire);
      delete node;
    }
  });
}

}  // namespace

int main() {
  return fiber::run([] {
    flags();
    references();
    shared_pointers();
    sixteen_bytes();
    seqlock();
    initialisation();
    reference_count();
    std::printf("all\n");
  });
}
// CHECK-NOT: torn
// CHECK: all
