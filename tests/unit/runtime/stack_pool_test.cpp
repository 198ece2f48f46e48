// Stacks: sizes, guards, reuse, the way back through caches.
#include "runtime/stack_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/include/fiber/error.h"

namespace fiber::internal {
namespace {

TEST(StackPool, ClassesArePowersOfTwo) {
  EXPECT_EQ(StackPool::class_of(0), 0u);
  EXPECT_EQ(StackPool::class_of(16384), 0u);
  EXPECT_EQ(StackPool::class_of(16385), 1u);
  EXPECT_EQ(StackPool::class_of(262144), 4u);
  EXPECT_EQ(StackPool::class_of(kLargestStack), kStackClasses - 1);
  EXPECT_THROW(StackPool::class_of(kLargestStack + 1), Error);
}

TEST(StackPool, AStackIsWritableFromEndToEnd) {
  static constinit StackPool pool;  // never freed, as the process's
  for (uint32_t size_class : {0u, 4u, 8u}) {
    Stack* stack = pool.take(size_class, nullptr);
    EXPECT_EQ(stack->size(), kSmallestStack << size_class);
    std::memset(stack->low, 1, stack->size());
    EXPECT_EQ(stack->size_class, size_class);
    pool.give(stack, nullptr);
  }
}

TEST(StackPoolDeathTest, TheGuardTraps) {
  static constinit StackPool pool;  // never freed, as the process's
  volatile char* low = pool.take(0, nullptr)->low;
  low[0] = 1;
  std::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would end it in its own way
  EXPECT_EXIT(low[-1] = 1, testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(low[-static_cast<long>(kGuardSize)] = 1, testing::KilledBySignal(SIGSEGV), "");
}

TEST(StackPool, StacksDoNotOverlapAndAreFoundByAddress) {
  static constinit StackPool pool;  // never freed, as the process's
  std::set<char*> lows;
  for (int i = 0; i < 100; ++i) {  // more than the first slabs hold
    Stack* stack = pool.take(4, nullptr);
    EXPECT_TRUE(lows.insert(stack->low).second);
    EXPECT_EQ(pool.find(stack->low), stack);
    EXPECT_EQ(pool.find(stack->low - 1), stack);  // its guard
    EXPECT_EQ(pool.find(stack->low + stack->size() - 1), stack);
  }
  for (auto it = lows.begin(), next = std::next(it); next != lows.end(); ++it, ++next) {
    EXPECT_GE(*next - *it, static_cast<long>(kGuardSize + (kSmallestStack << 4)));
  }
  int local = 0;
  EXPECT_EQ(pool.find(&local), nullptr);
}

TEST(StackPool, WhatIsGivenBackIsTakenAgain) {
  static constinit StackPool pool;  // never freed, as the process's
  StackCache cache;
  std::set<Stack*> first;
  for (int i = 0; i < 200; ++i) first.insert(pool.take(4, &cache));
  EXPECT_EQ(first.size(), 200u);
  for (Stack* stack : first) pool.give(stack, &cache);
  EXPECT_LE(cache.count, StackCache::kLimit);
  pool.drain(&cache);
  EXPECT_EQ(cache.count, 0u);
  StackCache other;
  std::set<Stack*> second;
  for (int i = 0; i < 200; ++i) second.insert(pool.take(4, &other));
  EXPECT_EQ(first, second);
  int visited = 0;
  pool.for_each([](Stack*, void* count) { ++*static_cast<int*>(count); }, &visited);
  EXPECT_GE(visited, 200);  // and what was made together with the last ones
  EXPECT_LT(visited, 240);
}

// Takes so many, writes into each, gives all back.
void wave(StackPool& pool, size_t stacks) {
  StackCache cache;
  std::vector<Stack*> taken(stacks);
  for (Stack*& stack : taken) {
    stack = pool.take(1, &cache);
    stack->high()[-1] = 1;
  }
  for (Stack* stack : taken) pool.give(stack, &cache);
  pool.drain(&cache);
}

size_t committed(StackPool& pool) {
  size_t stacks = 0;
  pool.for_each(
      [](Stack* stack, void* count) {
        *static_cast<size_t*>(count) += resident_below(stack->low, stack->high()) != 0;
      },
      &stacks);
  return stacks;
}

constexpr auto kPeriod = StackPool::kIdlePeriod;

TEST(StackPoolPages, WhatLiesIdleForAPeriodGoesBack) {
  static constinit StackPool pool;
  StackPool::Clock::time_point now{};
  EXPECT_FALSE(pool.release_idle(now, 1000));
  wave(pool, 1000);
  EXPECT_TRUE(pool.release_idle(now, 1000));
  EXPECT_TRUE(pool.release_idle(now + kPeriod / 2, 1000));
  EXPECT_EQ(committed(pool), 1000u);
  now += kPeriod;
  EXPECT_TRUE(pool.release_idle(now, 100));  // not more than asked for, but for whole batches
  EXPECT_LE(committed(pool), 900u);
  EXPECT_GE(committed(pool), 900u - kStackBatch);
  EXPECT_FALSE(pool.release_idle(now, 1000));
  EXPECT_LE(committed(pool), StackPool::kWarmStacks);
  EXPECT_GT(committed(pool), StackPool::kWarmStacks - kStackBatch);
  for (int period = 1; period < 5; ++period)
    EXPECT_FALSE(pool.release_idle(now + period * kPeriod, 1000));
  wave(pool, 1000);  // all are found again, and zero
}

TEST(StackPoolPages, WavesKeepTheirPages) {
  static constinit StackPool pool;
  StackPool::Clock::time_point now{};
  for (int period = 0; period < 5; ++period) {
    wave(pool, 1000);
    pool.release_idle(now, 1000);
    now += kPeriod;
    wave(pool, 500);
    pool.release_idle(now, 1000);
    // Those of each period's smallest wave are needed: what it did not take is surplus.
    EXPECT_GE(committed(pool), 500u);
  }
}

TEST(StackPoolPages, TheMarkIsWhatLiesUnusedAtTheLeast) {
  static constinit StackPool pool;
  StackPool::Clock::time_point now{};
  wave(pool, 1000);
  pool.release_idle(now, 1000);
  wave(pool, 700);  // 300 were not needed, 172 of them are surplus
  now += kPeriod;
  pool.release_idle(now, 1000);
  EXPECT_LE(committed(pool), 1000u - 172u + kStackBatch);
  EXPECT_GE(committed(pool), 1000u - 172u - kStackBatch);
}

TEST(StackPoolPages, HighWaterMarkByPages) {
  static constinit StackPool pool;
  Stack* stack = pool.take(6, nullptr);  // 1 MiB
  EXPECT_EQ(resident_below(stack->low, stack->high()), 0u);
  stack->high()[-1] = 1;
  EXPECT_EQ(resident_below(stack->low, stack->high()), 4096u);
  stack->high()[-10'000] = 1;
  EXPECT_EQ(resident_below(stack->low, stack->high()), 12'288u);
  stack->low[0] = 1;
  EXPECT_EQ(resident_below(stack->low, stack->high()), stack->size());
  char* const low = stack->low;
  release_pages(&low, 1, stack->size());
  EXPECT_EQ(resident_below(stack->low, stack->high()), 0u);
}

// As on a kernel before 6.13.
TEST(StackGuardsDeathTest, MappedGuardsTrapToo) {
  StackGuards guards(3);
  char* memory = map_stacks(4 * kGuardSize);
  char* both[] = {memory, memory + 2 * kGuardSize};
  EXPECT_TRUE(guards.install(both, 2));
  std::signal(SIGSEGV, SIG_DFL);
  memory[kGuardSize] = 1;
  EXPECT_EXIT(memory[kGuardSize - 1] = 1, testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(memory[2 * kGuardSize] = 1, testing::KilledBySignal(SIGSEGV), "");
}

TEST(StackGuards, WhenMappingsRunOutItIsSaidOnceAndStacksGoWithout) {
  StackGuards guards(1);
  char* memory = map_stacks(6 * kGuardSize);
  char* two[] = {memory, memory + 2 * kGuardSize};
  char* third[] = {memory + 4 * kGuardSize};
  testing::internal::CaptureStderr();
  EXPECT_FALSE(guards.install(two, 2));
  EXPECT_FALSE(guards.install(third, 1));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("no more mappings for stack guards"), std::string::npos);
  EXPECT_EQ(said.find("fiber:"), said.rfind("fiber:"));
  memory[2 * kGuardSize] = 1;
  memory[4 * kGuardSize] = 1;
}

TEST(StackPoolRace, ManyThreadsShareThePool) {
  static constinit StackPool pool;  // never freed, as the process's
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      StackCache cache;
      std::vector<Stack*> mine;
      for (int i = 0; i < 20'000; ++i) {
        if (mine.size() < 150 && i % 300 < 200) {
          mine.push_back(pool.take(1, &cache));
          *reinterpret_cast<int*>(mine.back()->low) = t;
        } else if (!mine.empty()) {
          ASSERT_EQ(*reinterpret_cast<int*>(mine.back()->low), t);
          pool.give(mine.back(), &cache);
          mine.pop_back();
        }
      }
      for (Stack* stack : mine) pool.give(stack, &cache);
      pool.drain(&cache);
    });
  }
  std::atomic<bool> over{false};
  std::thread monitor([&over] {
    StackPool::Clock::time_point now{};
    while (!over) pool.release_idle(now += kPeriod, 64);
  });
  for (std::thread& thread : threads) thread.join();
  over = true;
  monitor.join();
}

}  // namespace
}  // namespace fiber::internal
