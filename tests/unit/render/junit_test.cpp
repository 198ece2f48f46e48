// That it is valid is checked by tests/reports with a schema.
#include "detector/report/render/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/render/temporary_folder.h"

namespace fibersan {
namespace {

using testing::HasSubstr;
using testing::Not;

class JunitTest : public testing::Test {
 protected:
  std::string render(const std::vector<Document>& documents, const JunitLimits& limits = {}) {
    RenderOptions options;
    options.sources.root = folder_.path();
    return render_junit(documents, options, limits);
  }

  samples::TemporaryFolder folder_;
};

TEST_F(JunitTest, FindingsAreFailuresWithTheirText) {
  const std::string xml = render({samples::bank(folder_.path())});
  EXPECT_THAT(
      xml, HasSubstr("<testsuite name=\"bank (pid 4711)\" tests=\"6\" failures=\"5\" errors=\"0\" "
                     "skipped=\"1\" time=\"1.250\" timestamp=\"2100-01-01T00:00:00\">"));
  EXPECT_THAT(
      xml,
      HasSubstr(" file=\"bank.cpp\" line=\"10\"><failure type=\"data race\" message=\"Data race: "
                "write of size 8 by fiber 7 &#39;teller&#39; in deposit; "));
  EXPECT_THAT(xml, HasSubstr("WARNING: FiberSan: data race (pid=4711)"));
  EXPECT_THAT(xml, HasSubstr("<property name=\"fiber.seed\" value=\"18446744073709551557\"/>"));
}

// X1
TEST_F(JunitTest, NamesStayWhenLinesAndFibersChange) {
  Document document = samples::bank(folder_.path());
  const auto name = [&] {
    const std::string xml = render({document});
    const size_t begin = xml.find("name=\"data race");
    return xml.substr(begin, xml.find(" time=", begin) - begin);
  };
  const std::string before = name();
  EXPECT_THAT(before, HasSubstr("data race in deposit ["));
  document.findings[0].summary.line = 99;
  document.findings[0].accesses[0].fiber.id = 1234;
  EXPECT_EQ(name(), before);
}

TEST_F(JunitTest, SuppressedOnesAreSkipped) {
  EXPECT_THAT(render({samples::bank(folder_.path())}),
              HasSubstr("name=\"suppressed race:legacy_*\" time=\"0\"><skipped message=\"2 "
                        "findings suppressed by " +
                        folder_.path() + "/bank.supp:3: old code (until 2031-01-01)\"/>"));
}

TEST_F(JunitTest, WhatProvesNothingIsAnError) {
  Document document = samples::bank(folder_.path());
  document.findings.clear();
  document.complete = false;
  document.totals.instrumented_functions = 0;
  document.totals.children_running = 1;
  const std::string xml = render({document});
  EXPECT_THAT(xml, HasSubstr("failures=\"0\" errors=\"3\""));
  EXPECT_THAT(xml, HasSubstr("name=\"child processes ran on\""));
  EXPECT_THAT(xml, HasSubstr("name=\"incomplete report\""));
  EXPECT_THAT(xml, HasSubstr("name=\"nothing instrumented\""));
}

TEST_F(JunitTest, CleanProcessIsACaseThatPassed) {
  Document document = samples::bank(folder_.path());
  document.findings.clear();
  document.suppressions.clear();
  EXPECT_THAT(render({document}), HasSubstr("</properties>\n<testcase classname=\"bank\" name=\"no "
                                            "findings\" time=\"0\"/>\n</testsuite>"));
}

TEST_F(JunitTest, TextsEndAtTheirLimitCasesDoNot) {
  JunitLimits limits;
  limits.bytes = 100'000;
  const std::string xml = render({samples::many(folder_.path(), 500)}, limits);
  EXPECT_THAT(xml, HasSubstr("failures=\"500\""));
  EXPECT_LT(xml.size(), 350'000u);
  EXPECT_THAT(xml, HasSubstr(" findings are left out: the file would be too large"));
}

TEST_F(JunitTest, TextsOfTheProgramCannotEndTheirElement) {
  const std::string xml = render({samples::hostile(folder_.path())});
  EXPECT_THAT(xml, Not(HasSubstr("<script")));
  EXPECT_THAT(xml, Not(HasSubstr("]]>")));
  EXPECT_THAT(xml, Not(HasSubstr("\x01")));
  EXPECT_THAT(xml, HasSubstr("größer 数 \xf0\x9f\x98\x80"));
}

}  // namespace
}  // namespace fibersan
