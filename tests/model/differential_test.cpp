// Random programs: the clock and the oracle must call the same pairs unordered.
//
//   unit_model --seed=S --programs=N     the long form; the default takes a few seconds
//
// Built again with FIBERSAN_BROKEN_RULE=1..6: then a disagreement must be found.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/model/arguments.h"
#include "tests/model/program.h"

namespace fibersan::model {
namespace {

Shape shape_for(std::uint64_t seed) {
  Shape shape;
  shape.processors = 1 + seed % 4;
  shape.cells = 1 + seed / 4 % 4;
  shape.syncs = 1 + seed / 16 % 3;
  shape.operations = 40 + 40 * (seed / 48 % 4);
  return shape;
}

std::string explain(std::uint64_t seed, const Shape& shape, const Tally& tally) {
  const Program shortest = shrink(random_program(seed, shape), [&](const Program& program) {
    const Tally shorter = run(program, shape);
    return shorter.missed + shorter.invented != 0;
  });
  return "seed " + std::to_string(seed) + ": " + std::to_string(tally.missed) + " missed, " +
         std::to_string(tally.invented) + " invented\nshortest program:\n" + to_string(shortest) +
         run(shortest, shape).first_disagreement + "\n";
}

TEST(Differential, ClockAndOracleAgreeOnEveryPair) {
  if (kBrokenRule != 0) GTEST_SKIP() << "rule " << kBrokenRule << " is broken on purpose";
  Tally total;
  for (std::uint64_t i = 0; i < arguments().programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const Shape shape = shape_for(seed);
    const Tally tally = run(random_program(seed, shape), shape);
    ASSERT_TRUE(tally.forgot_nothing()) << "seed " << seed;
    ASSERT_EQ(tally.missed + tally.invented, 0u) << explain(seed, shape, tally);
    total.compared += tally.compared;
    total.unordered += tally.unordered;
    total.lanes += tally.lanes;
  }
  std::printf("%llu programs from seed %llu: %llu pairs, %llu unordered, %llu lanes\n",
              static_cast<unsigned long long>(arguments().programs),
              static_cast<unsigned long long>(arguments().seed),
              static_cast<unsigned long long>(total.compared),
              static_cast<unsigned long long>(total.unordered),
              static_cast<unsigned long long>(total.lanes));
  EXPECT_GT(total.unordered, total.compared / 100);
}

TEST(Differential, ABrokenRuleIsNoticed) {
  if (kBrokenRule == 0) GTEST_SKIP() << "no rule is broken";
  for (std::uint64_t i = 0; i < arguments().programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const Shape shape = shape_for(seed);
    const Tally tally = run(random_program(seed, shape), shape);
    if (tally.missed + tally.invented == 0) continue;
    std::printf("rule %d broken, noticed by %s", kBrokenRule, explain(seed, shape, tally).c_str());
    return;
  }
  FAIL() << "rule " << kBrokenRule << " survives " << arguments().programs << " programs";
}

}  // namespace
}  // namespace fibersan::model
