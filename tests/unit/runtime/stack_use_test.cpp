// Stacks as fibers use them: how deep one went, memory that comes back, many at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "fiber/time.h"
#include "fiber/wait_group.h"
#include "runtime/stack_pool.h"

namespace fiber {
namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;  // has memory of its own
#else
constexpr bool kSanitized = false;
#endif

// VmRSS or VmPTE of this process in bytes.
size_t memory(const char* key) {
  std::FILE* file = std::fopen("/proc/self/status", "re");
  char line[256];
  size_t kib = 0;
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::strncmp(line, key, std::strlen(key)) == 0)
      std::sscanf(line + std::strlen(key) + 1, "%zu", &kib);
  }
  std::fclose(file);
  return kib * 1024;
}

// As the monitor does it, without its waiting.
void let_idle_stacks_go() {
  static auto now = internal::StackPool::Clock::now();
  now = std::max(now, internal::StackPool::Clock::now());
  for (int i = 0; i < 3; ++i)
    internal::stack_pool().release_idle(now += internal::StackPool::kIdlePeriod, UINT32_MAX);
}

// Forbidden to optimise the frame away.
__attribute__((noinline)) void use_stack(size_t bytes) {
  auto* frame = static_cast<char*>(__builtin_alloca(bytes));
  std::memset(frame, 1, bytes);
  asm volatile("" : : "r"(frame) : "memory");
}

TEST(StackUse, TheHighWaterMarkFollowsTheDepth) {
  if (kSanitized) GTEST_SKIP() << "frames are not where they would be";
  EXPECT_EQ(this_fiber::stack_high_water(), 0u);
  EXPECT_EQ(this_fiber::stack_size(), 0u);
  // A size that no other test uses: the stack is fresh, if the test is not repeated.
  static size_t most_at_first = 16384;
  run([] {
    spawn(FiberOptions{"", 2 << 20}, [] {
      EXPECT_EQ(this_fiber::stack_size(), size_t{2} << 20);
      EXPECT_GT(this_fiber::stack_high_water(), 0u);
      EXPECT_LE(this_fiber::stack_high_water(), most_at_first);
      most_at_first = 520'000;
      use_stack(500'000);
      EXPECT_GT(this_fiber::stack_high_water(), 500'000u);
      EXPECT_LT(this_fiber::stack_high_water(), 520'000u);
      yield();
      EXPECT_GT(this_fiber::stack_high_water(), 500'000u);
    }).join();
  });
}

// So many fibers parked at once; what each costs.
size_t park_many(int fibers) {
  size_t grown = 0;
  run(
      [&] {
        const size_t before = memory("VmRSS") + memory("VmPTE");
        Semaphore gate(0);
        WaitGroup parked;
        WaitGroup ended;
        for (int i = 0; i < fibers; ++i) {
          parked.add(1);
          ended.go([&] {
            parked.done();
            gate.acquire();
          });
        }
        parked.wait();
        grown = memory("VmRSS") + memory("VmPTE") - before;
        for (int i = 0; i < fibers; ++i) gate.release();
        ended.wait();
      },
      {.procs = 2});
  return grown;
}

TEST(StackUse, ParkedFibersAreSmallAndTheirMemoryComesBack) {
  if (kSanitized) GTEST_SKIP() << "shadow memory counts too";
  constexpr int kFibers = 100'000;
  let_idle_stacks_go();
  const size_t before = memory("VmRSS");
  const size_t each = park_many(kFibers) / kFibers;
  EXPECT_GT(each, 4000u);
  EXPECT_LT(each, 5632u);
  EXPECT_GT(memory("VmRSS"), before + size_t{4096} * kFibers / 2);
  let_idle_stacks_go();
  EXPECT_LT(memory("VmRSS"), before + (size_t{16} << 20));
}

// While every fiber sleeps, too.
TEST(StackUse, TheMonitorReturnsWhatLiesIdle) {
  if (kSanitized) GTEST_SKIP() << "shadow memory counts too";
  constexpr size_t kFibers = 5000;
  let_idle_stacks_go();
  run(
      [] {
        const size_t before = memory("VmRSS");
        {
          Semaphore gate(0);
          WaitGroup ended;
          for (size_t i = 0; i < kFibers; ++i) ended.go([&gate] { gate.acquire(); });
          yield();
          for (size_t i = 0; i < kFibers; ++i) gate.release();
          ended.wait();
        }
        ASSERT_GT(memory("VmRSS"), before + 4096 * kFibers * 3 / 4);
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (memory("VmRSS") > before + 4096 * kFibers / 4) {
          ASSERT_LT(std::chrono::steady_clock::now(), end);
          sleep_for(std::chrono::milliseconds(100));
        }
      },
      {.procs = 2});
}

TEST(StackUse, SpawnsOneAfterTheOtherNeedNoMoreMemory) {
  constexpr int kWaves = 100;
  const auto spawn_some = [](int fibers) {
    WaitGroup all;
    for (int i = 0; i < fibers; ++i) {
      all.go([i] {
        if (i % 7 == 0) yield();
      });
    }
    all.wait();
  };
  run(
      [&] {
        for (int wave = 0; wave < kWaves / 10; ++wave) spawn_some(1000);
        const size_t before = memory("VmRSS");
        for (int wave = 0; wave < kWaves; ++wave) spawn_some(1000);
        if (!kSanitized) EXPECT_LT(memory("VmRSS"), before + (size_t{8} << 20));
      },
      {.procs = 4});
}

}  // namespace
}  // namespace fiber
