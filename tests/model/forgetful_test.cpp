// Too few lanes or epochs: races may be missed, then it is counted; none is invented.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "tests/model/arguments.h"
#include "tests/model/program.h"

namespace fibersan::model {
namespace {

class Forgetful : public testing::TestWithParam<LaneId> {};

TEST_P(Forgetful, MissesAreCountedAndNothingIsInvented) {
  const std::uint64_t programs = std::max<std::uint64_t>(arguments().programs / 30, 1);
  Tally total;
  std::uint64_t programs_that_forgot = 0;
  for (std::uint64_t i = 0; i < programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const Shape shape = forgetful_shape(seed, GetParam());
    const Tally tally = run(random_program(seed, shape), shape);
    ASSERT_EQ(tally.invented, 0u) << "seed " << seed << ": " << tally.first_disagreement;
    if (tally.forgot_nothing()) {
      ASSERT_EQ(tally.missed, 0u) << "seed " << seed << " forgot uncounted";
    } else {
      ++programs_that_forgot;
    }
    total.unordered += tally.unordered;
    total.missed += tally.missed;
  }
  std::printf(
      "%u lanes of %u epochs: %.2f %% of %llu unordered pairs missed; %llu of %llu programs "
      "forgot something\n",
      std::min(GetParam(), kLaneLimit), kEpochLimit,
      100.0 * static_cast<double>(total.missed) / static_cast<double>(total.unordered),
      static_cast<unsigned long long>(total.unordered),
      static_cast<unsigned long long>(programs_that_forgot),
      static_cast<unsigned long long>(programs));
  EXPECT_GT(programs_that_forgot, 0u) << "the budget was never felt";
  EXPECT_LT(total.missed, total.unordered);
}

INSTANTIATE_TEST_SUITE_P(Budgets, Forgetful, testing::Values(5, 20, 40, 60),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace fibersan::model
