#include "detector/report/render/github.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/render/temporary_folder.h"

namespace fibersan {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class GithubTest : public testing::Test {
 protected:
  std::vector<std::string> lines(const std::vector<Document>& documents,
                                 const GithubLimits& limits = {}) {
    RenderOptions options;
    options.sources.root = folder_.path();
    std::istringstream stream(render_github(documents, options, limits));
    std::vector<std::string> result;
    for (std::string line; std::getline(stream, line);) result.push_back(line);
    return result;
  }

  samples::TemporaryFolder folder_;
};

TEST_F(GithubTest, EachFindingIsACommandOfItsLevel) {
  const auto commands = lines({samples::bank(folder_.path())});
  ASSERT_EQ(commands.size(), 5u);
  EXPECT_THAT(
      commands[0],
      StartsWith(
          "::error file=bank.cpp,line=10,col=19,title=FiberSan%3A data race::Data race: write "
          "of size 8 by fiber 7 'teller' in deposit; previous read"));
  EXPECT_THAT(commands[0],
              HasSubstr("%0APrevious read of size 8 at 0x7b0400001028 by fiber 8:%0A    look("));
  EXPECT_THAT(commands[3], StartsWith("::warning file=bank.cpp,line=20,"));
}

// A1
TEST_F(GithubTest, NoMoreOfALevelThanAreShown) {
  const auto commands = lines({samples::many(folder_.path(), 40)});
  ASSERT_EQ(commands.size(), 11u);
  EXPECT_EQ(commands[10],
            "FiberSan: 30 more findings have no annotation: GitHub shows 10 errors, warnings "
            "and notices of a step each.");
}

TEST_F(GithubTest, ProgramsCannotAddCommands) {
  for (const std::string& line : lines({samples::hostile(folder_.path())})) {
    EXPECT_THAT(line, StartsWith("::"));
    EXPECT_EQ(line.find('\r'), line.npos);
    const std::string properties = line.substr(0, line.find("::", 2));
    EXPECT_EQ(std::count(properties.begin(), properties.end(), ','), 3) << properties;
  }
}

TEST_F(GithubTest, PercentIsItself) {
  Document document = samples::bank(folder_.path());
  document.findings.resize(1);
  document.findings[0].notes = {"100%0A"};
  EXPECT_THAT(lines({document})[0], HasSubstr("[100%250A]"));
}

TEST_F(GithubTest, WhatProvesNothingIsAnError) {
  Document document = samples::bank(folder_.path());
  document.findings.clear();
  document.complete = false;
  document.totals.instrumented_functions = 0;
  const auto commands = lines({document});
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_THAT(commands[0], StartsWith("::error title=FiberSan%3A incomplete report::"));
  EXPECT_THAT(commands[1], StartsWith("::error title=FiberSan%3A nothing instrumented::"));
}

TEST_F(GithubTest, ChildrenWhoseReportsAreMissingAreAnError) {
  Document parent = samples::bank(folder_.path());
  parent.findings.clear();
  parent.totals.findings = 0;
  parent.totals.findings_of_children = 1;
  const auto commands = lines({parent});
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_THAT(commands[0],
              StartsWith("::error title=FiberSan%3A reports of child processes missing::"));
  Document child = parent;
  child.totals.findings = 1;
  child.totals.findings_of_children = 0;
  EXPECT_THAT(lines({parent, child}), testing::IsEmpty());
}

}  // namespace
}  // namespace fibersan
