// Random programs: the clock and the oracle must call the same pairs unordered.
//
//   unit_model --seed=S --programs=N     the long form; the default takes a few seconds
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/model/arguments.h"
#include "tests/model/program.h"

namespace fibersan::model {
namespace {

TEST(Differential, ClockAndOracleAgreeOnEveryPair) {
  Tally total;
  for (std::uint64_t i = 0; i < arguments().programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const Shape shape = exact_shape(seed);
    const Tally tally = run(random_program(seed, shape), shape);
    ASSERT_TRUE(tally.forgot_nothing()) << "seed " << seed;
    ASSERT_EQ(tally.missed + tally.invented, 0u) << explain(seed, shape, tally);
    total.compared += tally.compared;
    total.unordered += tally.unordered;
    total.lanes += tally.lanes;
    total.fibers += tally.fibers;
  }
  std::printf("%llu programs from seed %llu: %llu pairs, %llu unordered, %llu fibers, %llu lanes\n",
              static_cast<unsigned long long>(arguments().programs),
              static_cast<unsigned long long>(arguments().seed),
              static_cast<unsigned long long>(total.compared),
              static_cast<unsigned long long>(total.unordered),
              static_cast<unsigned long long>(total.fibers),
              static_cast<unsigned long long>(total.lanes));
  EXPECT_GT(total.unordered, total.compared / 100);
  EXPECT_LT(total.lanes, total.fibers);
}

}  // namespace
}  // namespace fibersan::model
