// Mappings that overlap, against one flag for each page.
#include "detector/heap/program_mappings.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace fibersan {
namespace {

constexpr uintptr_t kPage = 4096;

TEST(ProgramMappings, AreWhatWasMappedAndNotUnmapped) {
  ProgramMappings mappings;
  std::array<bool, 200> mapped = {};
  std::mt19937 random(1);
  for (int i = 0; i < 5000; ++i) {
    const uintptr_t low = random() % mapped.size();
    const uintptr_t high = low + 1 + random() % (mapped.size() - low);
    const bool add = random() % 2 == 0 && high - low < 20;
    std::fill(mapped.begin() + static_cast<long>(low), mapped.begin() + static_cast<long>(high),
              add);
    if (add) {
      mappings.add({low * kPage, high * kPage});
    } else {
      mappings.remove({low * kPage, high * kPage});
    }
    uintptr_t last = 0;
    std::array<bool, 200> seen = {};
    for (const AddressRange& range : mappings.all()) {
      ASSERT_LT(range.low, range.high);
      ASSERT_GE(range.low, last);
      last = range.high;
      for (uintptr_t page = range.low; page < range.high; page += kPage) seen[page / kPage] = true;
    }
    ASSERT_EQ(seen, mapped) << i;
  }
  EXPECT_FALSE(mappings.is_incomplete());
}

}  // namespace
}  // namespace fibersan
