// Atomics: shared_ptr copies and relaxed counters. A process that never had a second thread would
// count references without atomics, except in a fiber.
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

int main() {
  std::thread([] {}).join();
  std::vector<std::shared_ptr<int>> shared;
  for (int i = 0; i < 64; ++i) shared.push_back(std::make_shared<int>(i));
  std::atomic<long> counter{0};
  long sum = 0;
  for (int i = 0; i < 10'000'000; ++i) {
    std::shared_ptr<int> copy = shared[static_cast<size_t>(i) % 64];
    sum += *copy;
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  std::printf("%ld %ld\n", sum, counter.load());
}
