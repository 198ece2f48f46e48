// Values by address: found where they were put, forgotten by range, as many as there are.
#include "detector/race/address_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>
#include <vector>

namespace fibersan {
namespace {

struct Counted {
  static inline std::atomic<int> live{0};
  uint64_t number = 0;
  Counted() { ++live; }
  Counted(Counted&&) = delete;
  ~Counted() { --live; }
};

class AddressTables : public ::testing::Test {
 protected:
  using Table = AddressTable<Counted>;

  static const void* at(uintptr_t address) { return reinterpret_cast<const void*>(address); }
  static uint64_t number(uintptr_t address) {
    Table::Locked entry(table, at(address));
    const Counted* value = entry.find();
    return value == nullptr ? 0 : value->number;
  }
  static void put(uintptr_t address, uint64_t value) {
    Table::Locked entry(table, at(address));
    entry.make().number = value;
  }
  void TearDown() override {
    table.forget(kBase, uint64_t{1} << 30);
    EXPECT_EQ(Counted::live, 0);
  }

  static constexpr uintptr_t kBase = 0x7f0000000000;
  static inline Table table;
};

TEST_F(AddressTables, EveryByteHasItsOwn) {
  for (uintptr_t i = 0; i < 2048; ++i) put(kBase + i, i + 1);
  for (uintptr_t i = 0; i < 2048; ++i) EXPECT_EQ(number(kBase + i), i + 1);
  EXPECT_EQ(number(kBase + 2048), 0u);
}

TEST_F(AddressTables, ForgetsARangeToTheByte) {
  for (uintptr_t i = 0; i < 3000; ++i) put(kBase + i, i + 1);
  table.forget(kBase + 509, 1030);
  for (uintptr_t i = 0; i < 3000; ++i)
    EXPECT_EQ(number(kBase + i), i >= 509 && i < 1539 ? 0 : i + 1) << i;
}

// More blocks than values: the values are looked at instead.
TEST_F(AddressTables, ForgetsAnImmenseRangeToTheByte) {
  constexpr uintptr_t kTiB = uintptr_t{1} << 40;
  for (const uintptr_t address : {kBase + 4, kBase + 5, kBase + kTiB + 4, kBase + kTiB + 5})
    put(address, address);
  table.forget(kBase + 5, kTiB);
  EXPECT_EQ(number(kBase + 4), kBase + 4);
  EXPECT_EQ(number(kBase + 5), 0u);
  EXPECT_EQ(number(kBase + kTiB + 4), 0u);
  EXPECT_EQ(number(kBase + kTiB + 5), kBase + kTiB + 5);
  table.forget(kBase + kTiB, 512);
}

TEST_F(AddressTables, GrowsAndKeepsEverything) {
  constexpr uintptr_t kCount = 200000;
  for (uintptr_t i = 0; i < kCount; ++i) put(kBase + i * 176, i + 1);
  for (uintptr_t i = 0; i < kCount; ++i) ASSERT_EQ(number(kBase + i * 176), i + 1);
  EXPECT_EQ(Counted::live, static_cast<int>(kCount));
}

TEST_F(AddressTables, AgreeWithAMap) {
  std::mt19937 random(7);
  std::map<uintptr_t, uint64_t> expected;
  for (uint64_t step = 1; step < 200000; ++step) {
    const uintptr_t address = kBase + random() % 65536;
    if (random() % 16 == 0) {
      const uint64_t size = random() % 1500;
      table.forget(address, size);
      expected.erase(expected.lower_bound(address), expected.lower_bound(address + size));
    } else {
      put(address, step);
      expected[address] = step;
    }
    const uintptr_t looked_at = kBase + random() % 65536;
    const auto found = expected.find(looked_at);
    ASSERT_EQ(number(looked_at), found == expected.end() ? 0 : found->second);
  }
}

TEST_F(AddressTables, ManyThreads) {
  std::vector<std::thread> threads;
  for (uintptr_t t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (uint64_t i = 1; i < 20000; ++i) {
        Table::Locked entry(table, at(kBase + i % 700 * 64));  // shared
        ++entry.make().number;
      }
      for (uint64_t i = 1; i < 20000; ++i) put(kBase + (t << 24) + i * 40 + (1 << 20), i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 700; ++i) sum += number(kBase + i * 64);
  EXPECT_EQ(sum, 4u * 19999);
}

}  // namespace
}  // namespace fibersan
