// Built with FIBERSAN_BROKEN_RULE=1..6: the differential test must notice.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/model/arguments.h"
#include "tests/model/program.h"

namespace fibersan::model {
namespace {

static_assert(kBrokenRule != 0);

TEST(BrokenRule, IsNoticed) {
  for (std::uint64_t i = 0; i < arguments().programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const Shape shape = exact_shape(seed);
    const Tally tally = run(random_program(seed, shape), shape);
    if (tally.missed + tally.invented == 0) continue;
    std::printf("rule %d broken, noticed by %s", kBrokenRule, explain(seed, shape, tally).c_str());
    return;
  }
  FAIL() << "rule " << kBrokenRule << " survives " << arguments().programs << " programs";
}

}  // namespace
}  // namespace fibersan::model
