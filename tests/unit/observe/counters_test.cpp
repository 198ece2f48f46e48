// Counters, histogram buckets and the sampler.
#include "runtime/observe/counters.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fiber::internal {
namespace {

TEST(LogHistogram, ABucketHoldsWhatIsAtMostItsBound) {
  for (size_t i = 0; i < LogHistogram::kBounds; ++i) {
    EXPECT_EQ(LogHistogram::bucket_of(LogHistogram::bound(i)), i);
    EXPECT_EQ(LogHistogram::bucket_of(LogHistogram::bound(i) + 1), i + 1);
  }
  EXPECT_EQ(LogHistogram::bucket_of(0), 0u);
  EXPECT_EQ(LogHistogram::bucket_of(UINT64_MAX), LogHistogram::kBounds);
}

TEST(LogHistogram, CountsAndSums) {
  LogHistogram histogram;
  for (uint64_t value : {1, 64, 65, 1000}) histogram.record(value);
  EXPECT_EQ(histogram.count(0), 2u);
  EXPECT_EQ(histogram.count(1), 1u);
  EXPECT_EQ(histogram.count(LogHistogram::bucket_of(1000)), 1u);
  EXPECT_EQ(histogram.sum(), 1130u);
}

TEST(Sampler, TakesOneOfAPeriodOnAverageAtChangingDistances) {
  Sampler sampler;
  std::vector<int> distances;
  int last = 0;
  for (int i = 0; i < 256'000; ++i) {
    if (!sampler.due()) continue;
    distances.push_back(i - last);
    last = i;
  }
  EXPECT_NEAR(static_cast<double>(distances.size()), 1000, 100);
  std::vector<bool> seen(2 * Sampler::kPeriod);
  size_t kinds = 0;
  for (size_t i = 1; i < distances.size(); ++i) {
    ASSERT_LT(distances[i], static_cast<int>(2 * Sampler::kPeriod));
    if (!seen[static_cast<size_t>(distances[i])]) ++kinds;
    seen[static_cast<size_t>(distances[i])] = true;
  }
  EXPECT_GT(kinds, 300u);
}

TEST(Counters, ThreadsWithoutAProcessorShareOneAndLoseNothing) {
  const uint64_t before = shared_counters().get(Counter::kNetPolls);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int j = 0; j < 1000; ++j) count(Counter::kNetPolls, 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shared_counters().get(Counter::kNetPolls) - before, 8000u);
}

}  // namespace
}  // namespace fiber::internal
