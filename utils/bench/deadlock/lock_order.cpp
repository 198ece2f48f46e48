// What looking at the order of locks costs: locks alone and within others, in fibers of a correct
// program. `name value` lines, in nanoseconds for each turn of a loop.
#include <fiber/fiber.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <utility>

namespace {

fiber::Mutex outer, inner, third;
fiber::Mutex locks[100];
int counter = 0;

template <typename Body>
void measure(const char* name, int turns, Body body) {
  double best = 1e30;
  for (int round = 0; round < 5; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < turns; ++i) body(i);
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    best = std::min(best, time.count() / turns);
  }
  std::printf("%s %.1f\n", name, best);
}

void nested() {
  std::scoped_lock one(outer);
  std::scoped_lock other(inner);
  ++counter;
}

void all() {
  // Alone, before and after locks have nested.
  const auto alone = [](int) {
    std::scoped_lock one(third);
    ++counter;
  };
  fiber::Channel<int> channel(1);
  const auto buffered = [&](int i) {
    channel.send(i);
    channel.receive();
  };
  measure("lock alone, before any nest", 200'000, alone);
  measure("channel, before any nest", 100'000, buffered);
  measure("two locks", 200'000, [](int) { nested(); });
  measure("lock alone", 200'000, alone);
  measure("channel", 100'000, buffered);
  measure("two locks and a channel", 100'000, [&](int i) {
    nested();
    buffered(i);
  });
  measure("three locks", 200'000, [](int) {
    std::scoped_lock one(third);
    nested();
  });
  measure("one of 100 locks in another", 200'000, [](int i) {
    std::scoped_lock one(third);
    std::scoped_lock other(locks[i % 100]);
    ++counter;
  });
  measure("fibers that take two locks", 20'000, [](int) {
    fiber::WaitGroup group;
    for (int i = 0; i < 2; ++i) group.go(nested);
    group.wait();
  });
}

}  // namespace

int main() { return fiber::run(all); }
