// Built with FIBERSAN_BROKEN_RULE=6: generations are what keeps a lane that was given
// away, because lanes ran out, from inventing races.
#include <gtest/gtest.h>

#include "tests/model/arguments.h"
#include "tests/model/program.h"

namespace fibersan::model {
namespace {

static_assert(kBrokenRule == 6);

class BrokenReuse : public testing::TestWithParam<LaneId> {};

TEST_P(BrokenReuse, InventsRaces) {
  for (std::uint64_t i = 0; i < arguments().programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const Shape shape = forgetful_shape(seed, GetParam());
    if (run(random_program(seed, shape), shape).invented != 0) return;
  }
  FAIL() << "reused lanes invent nothing in " << arguments().programs << " programs";
}

INSTANTIATE_TEST_SUITE_P(Budgets, BrokenReuse, testing::Values(5, 20, 40),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace fibersan::model
