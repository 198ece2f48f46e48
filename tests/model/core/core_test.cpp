// Random programs through the detector's hooks: every race that must be reported is, and nothing
// else (core_world.h says what that is).
//
//   unit_model_core --seed=S --programs=N     the long form; the default takes a few seconds
//   unit_model_core --lanes=N                 with so few lanes; then misses are counted
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "detector/clock/lane.h"
#include "tests/model/arguments.h"
#include "tests/model/core/core_program.h"

namespace fibersan::model {

Arguments& arguments() {
  static Arguments values{.seed = 1, .programs = 7000};
  return values;
}

namespace {

LaneId lanes = 0;  // 0: no budget

TEST(CoreDifferential, ReportsAreExactlyTheRaces) {
  CoreTally total;
  std::uint64_t programs_that_forgot = 0;
  for (std::uint64_t i = 0; i < arguments().programs; ++i) {
    const std::uint64_t seed = arguments().seed + i;
    const CoreTally tally = run(random_core_program(seed), seed);
    ASSERT_EQ(tally.invented, 0u) << explain(seed, tally);
    if (lanes == 0) ASSERT_EQ(tally.forgotten, 0u) << "seed " << seed;
    if (tally.forgotten == 0 && lanes == 0) ASSERT_EQ(tally.missed, 0u) << explain(seed, tally);
    programs_that_forgot += tally.forgotten != 0;
    total.add(tally);
  }
  std::printf(
      "%llu programs from seed %llu: %llu accesses, %llu racy pairs, %llu of them to be "
      "reported, %llu missed, %llu reports, %llu invented\n",
      static_cast<unsigned long long>(arguments().programs),
      static_cast<unsigned long long>(arguments().seed),
      static_cast<unsigned long long>(total.accesses), static_cast<unsigned long long>(total.racy),
      static_cast<unsigned long long>(total.required),
      static_cast<unsigned long long>(total.missed), static_cast<unsigned long long>(total.reports),
      static_cast<unsigned long long>(total.invented));
  EXPECT_GT(total.required, total.accesses / 10);
  if (lanes != 0) EXPECT_GT(programs_that_forgot, 0u) << "the budget was never felt";
}

// In a process of its own: lanes are budgeted before the first one is handed out.
TEST(CoreDifferential, WithFewLanesNothingIsInvented) {
  if (lanes != 0) GTEST_SKIP() << "this is the process with few lanes";
  for (const int budget : {6, 12, 24}) {
    const std::string command =
        "'/proc/" + std::to_string(getpid()) + "/exe' --lanes=" + std::to_string(budget) +
        " --programs=" + std::to_string(arguments().programs / 20 + 1) + " --gtest_brief=1";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
}

}  // namespace
}  // namespace fibersan::model

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  fibersan::model::Arguments& arguments = fibersan::model::arguments();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t equals = word.find('=');
    const std::uint64_t value = std::strtoull(word.c_str() + equals + 1, nullptr, 10);
    if (word.starts_with("--seed=")) {
      arguments.seed = value;
    } else if (word.starts_with("--programs=")) {
      arguments.programs = value;
    } else if (word.starts_with("--lanes=")) {
      fibersan::model::lanes = static_cast<fibersan::LaneId>(value);
      fibersan::lane_table.set_budget(fibersan::model::lanes);
    } else {
      std::fprintf(stderr, "unknown argument %s; known: --seed=S --programs=N --lanes=N\n",
                   argv[i]);
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
