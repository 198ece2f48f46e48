// Stacks: sizes, guards, reuse, the way back through caches.
#include "runtime/stack_pool.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <set>
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
    std::memset(stack->low, 1, stack->size() - sizeof(Stack));
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
  EXPECT_EQ(visited, 200);
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
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace fiber::internal
