// The runtime's lock under more threads than CPUs, and its ranks where they are checked.
#include "runtime/lock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fiber::internal {
namespace {

TEST(SpinLock, OneHolderAtATime) {
  SpinLock lock(LockRank::kSync);
  long counter = 0;
  constexpr int kThreads = 16;
  constexpr int kRounds = 20'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        if (i % 4 == 0 && lock.try_lock()) {
          ++counter;
          lock.unlock();
          continue;
        }
        SpinGuard guard(lock);
        ++counter;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter, long{kThreads} * kRounds);
}

TEST(SpinLock, TryLockFailsWhileHeld) {
  SpinLock lock(LockRank::kSync);
  SpinGuard guard(lock);
  bool taken = true;
  std::thread([&] {
    if (lock.try_lock()) {
      lock.unlock();
    } else {
      taken = false;
    }
  }).join();
  EXPECT_FALSE(taken);
}

#ifdef FIBER_CHECK_LOCK_RANKS
TEST(LockRankDeathTest, AgainstTheOrder) {
  const auto wrong = [] {
    SpinLock channel(LockRank::kChannel);
    SpinLock idle(LockRank::kIdle);
    SpinGuard inner(idle);
    SpinGuard outer(channel);
  };
  EXPECT_DEATH(wrong(), "kChannel.*while.*kIdle");
}
#endif

}  // namespace
}  // namespace fiber::internal
