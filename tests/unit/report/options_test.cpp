// The parser of both environment variables: values, defaults, and what it says about mistakes.
#include "detector/abi/options.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

// Values that are text stay in the copy of the variable, which is read once in a program's life.
extern "C" const char* __lsan_default_suppressions() { return "leak:fsan_read_options"; }

namespace {

constexpr const char* kVariable = "FIBERSAN_TEST_OPTIONS";

struct Targets {
  int64_t help = 7;
  int64_t procs = 7;
  int64_t fast = 7;
  const char* log_path = nullptr;
};

Targets read(const char* value) {
  Targets targets;
  const fsan_option table[] = {
      {"help", FSAN_OPTION_flag, &targets.help, "0", "print this table and exit 0"},
      {"procs", FSAN_OPTION_number, &targets.procs, "-3", "how many"},
      {"fast", FSAN_OPTION_flag, &targets.fast, "1", "be fast"},
      {"log_path", FSAN_OPTION_text, &targets.log_path, "stderr", "where to"},
  };
  if (value == nullptr) {
    unsetenv(kVariable);
  } else {
    setenv(kVariable, value, 1);
  }
  fsan_read_options(kVariable, table, sizeof table / sizeof table[0]);
  return targets;
}

void expect_refused(const char* value, const char* message) {
  EXPECT_EXIT(read(value), testing::ExitedWithCode(1), message) << value;
}

TEST(Options, DefaultsWithoutTheVariable) {
  Targets targets = read(nullptr);
  EXPECT_EQ(targets.help, 0);
  EXPECT_EQ(targets.procs, -3);
  EXPECT_EQ(targets.fast, 1);
  EXPECT_STREQ(targets.log_path, "stderr");
}

TEST(Options, SeparatorsAreColonCommaAndBlanks) {
  Targets targets = read(":procs=4,, fast=0\tlog_path=a/b:");
  EXPECT_EQ(targets.procs, 4);
  EXPECT_EQ(targets.fast, 0);
  EXPECT_STREQ(targets.log_path, "a/b");
}

TEST(Options, QuotedValueKeepsSeparators) {
  EXPECT_STREQ(read("log_path='C:\\a b':procs=1").log_path, "C:\\a b");
  EXPECT_EQ(read("log_path=\"x:y\":procs=1").procs, 1);
}

TEST(Options, EmptyTextIsAValue) { EXPECT_STREQ(read("log_path=").log_path, ""); }

TEST(Options, LaterValueWins) { EXPECT_EQ(read("procs=1:procs=2").procs, 2); }

TEST(Options, NumbersMayBeNegativeOrHexadecimal) {
  EXPECT_EQ(read("procs=-12").procs, -12);
  EXPECT_EQ(read("procs=0x20").procs, 32);
  EXPECT_EQ(read("procs=9223372036854775807").procs, INT64_MAX);
}

TEST(Options, FlagsTakeWords) {
  EXPECT_EQ(read("fast=no").fast, 0);
  EXPECT_EQ(read("fast=true").fast, 1);
}

TEST(Options, TextOutlivesTheEnvironment) {
  Targets targets = read("log_path=kept");
  setenv(kVariable, "log_path=other", 1);
  EXPECT_STREQ(targets.log_path, "kept");
}

TEST(OptionsDeathTest, UnknownKeyNamesTheNearest) {
  expect_refused("prox=1",
                 "FiberSan: unknown option 'prox' in FIBERSAN_TEST_OPTIONS; "
                 "did you mean 'procs'\\?");
  expect_refused("logpath=1", "unknown option 'logpath' .*did you mean 'log_path'\\?");
  expect_refused("prox", "unknown option 'prox' .*did you mean 'procs'\\?");
  expect_refused(std::string(500, 'f').c_str(), "did you mean '");
}

TEST(OptionsDeathTest, UnusableValues) {
  expect_refused("procs=many",
                 "FiberSan: unusable value 'many' for option 'procs' in "
                 "FIBERSAN_TEST_OPTIONS: expected a whole number");
  expect_refused("procs=4x", "unusable value '4x'");
  expect_refused("procs=", "unusable value ''");
  expect_refused("procs=9223372036854775808", "unusable value '9223372036854775808'");
  expect_refused("fast=2", "unusable value '2' for option 'fast' .*expected 0 or 1");
  expect_refused("procs", "option 'procs' in FIBERSAN_TEST_OPTIONS has no value: write procs=<");
}

TEST(OptionsDeathTest, HelpPrintsTheTableAndExitsWithZero) {
  auto help_on_stderr = [] {
    dup2(2, 1);
    read("help=1");
  };
  EXPECT_EXIT(help_on_stderr(), testing::ExitedWithCode(0),
              "Options of FIBERSAN_TEST_OPTIONS(.|\n)*procs +how many \\(default: -3\\)(.|\n)*"
              "log_path +where to \\(default: stderr\\)");
}

}  // namespace
