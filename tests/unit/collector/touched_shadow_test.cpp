// Both ways to find the touched parts of the shadow find the same cells.
#include "detector/collector/touched_shadow.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <set>

#include "detector/shadow/shadow.h"

namespace fibersan {
namespace {

constexpr size_t kPage = 4096;

class TouchedShadowTest : public ::testing::Test {
 protected:
  static constexpr size_t kSize = size_t{256} << 20;

  void SetUp() override {
    void* const mapped = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    block = reinterpret_cast<uintptr_t>(mapped);
  }
  void TearDown() override {
    clear_shadow(block, kSize);
    munmap(reinterpret_cast<void*>(block), kSize);
  }
  // Pages of the block's shadow.
  std::set<uintptr_t> pages(TouchedShadow& shadow, size_t limit) const {
    const auto low = reinterpret_cast<uintptr_t>(&cell_at(block));
    std::set<uintptr_t> found;
    shadow.rewind();
    uintptr_t last = 0;
    for (AddressRange part; shadow.next(limit, part);) {
      EXPECT_LE(part.high - part.low, limit);
      EXPECT_LT(part.low, part.high);
      last = part.high;
      for (uintptr_t page = part.low; page < part.high; page += kPage)
        if (page >= low && page < low + 2 * kSize) found.insert(page - low);
    }
    EXPECT_NE(last, 0u);
    EXPECT_TRUE(shadow.available());
    return found;
  }
  void touch(size_t offset) const { cell_at(block + offset).slots[0] = make_stamp(0, 1); }

  uintptr_t block = 0;
};

TEST_F(TouchedShadowTest, IsFoundInBothWays) {
  std::set<uintptr_t> expected;
  // More regions than are read ahead, some of several pages.
  for (size_t i = 0; i < 300; ++i) {
    touch(i * 65536);
    expected.insert(i * 131072);
    if (i % 3 != 0) continue;
    touch(i * 65536 + 2048);
    expected.insert(i * 131072 + kPage);
  }
  touch(kSize - 8);
  expected.insert(2 * kSize - kPage);
  TouchedShadow by_kernel;
  TouchedShadow by_mappings;
  by_mappings.use_mappings_only();
  EXPECT_EQ(pages(by_kernel, kPage), expected);
  EXPECT_EQ(pages(by_kernel, size_t{64} << 10), expected);
  EXPECT_EQ(pages(by_mappings, kPage), expected);
  EXPECT_EQ(pages(by_mappings, size_t{64} << 10), expected);
}

TEST_F(TouchedShadowTest, WhatIsOnlyReadIsNotTouched) {
  volatile Stamp seen = 0;
  for (size_t at = 0; at < kSize / 16; at += kPage) seen = cell_at(block + at).slots[0];
  EXPECT_EQ(seen, 0u);
  TouchedShadow by_kernel;
  touch(0);
  EXPECT_GE(pages(by_kernel, kPage).size(), 1u);
}

}  // namespace
}  // namespace fibersan
