#include "detector/report/render/sarif.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "detector/report/render/line_hash.h"
#include "tests/unit/render/temporary_folder.h"

namespace fibersan {
namespace {

using Json = nlohmann::json;

class SarifTest : public testing::Test {
 protected:
  Json run(const std::vector<Document>& documents, const SarifLimits& limits = {}) {
    RenderOptions options;
    options.sources.root = folder_.path();
    const Json log = Json::parse(render_sarif(documents, options, limits));
    EXPECT_EQ(log["version"], "2.1.0");
    EXPECT_EQ(log["runs"].size(), 1u);
    return log["runs"][0];
  }

  static std::vector<std::string> notifications(const Json& run) {
    std::vector<std::string> ids;
    for (const Json& one : run["invocations"][0]["toolExecutionNotifications"])
      ids.push_back(one["descriptor"]["id"]);
    return ids;
  }

  samples::TemporaryFolder folder_;
};

TEST_F(SarifTest, RaceIsAtItsPlaceInTheRepository) {
  const Json all = run({samples::bank(folder_.path())});
  const Json& result = all["results"][0];
  EXPECT_EQ(result["ruleId"], "data-race");
  EXPECT_EQ(all["tool"]["driver"]["rules"][result["ruleIndex"].get<size_t>()]["id"], "data-race");
  EXPECT_EQ(result["level"], "error");
  const Json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "bank.cpp");
  EXPECT_EQ(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
  EXPECT_EQ(place["region"]["startLine"], 10);
  EXPECT_EQ(place["region"]["startColumn"], 19);
  EXPECT_EQ(place["region"]["endColumn"], 41);
  EXPECT_EQ(place["region"]["snippet"]["text"], "  account.balance += amount;  // no lock");
  EXPECT_EQ(
      result["message"]["text"].get<std::string>().substr(0, 120),
      "Data race: [write of size 8 by fiber 7 'teller' in deposit](1); [previous read of size 8 by "
      "fiber 8 in look](2). Why no ");
}

TEST_F(SarifTest, LineHashIsThatOfTheSource) {
  const Json result = run({samples::bank(folder_.path())})["results"][0];
  const Json& fingerprints = result["partialFingerprints"];
  std::ifstream stream(folder_.path() + "/bank.cpp");
  const std::string source(std::istreambuf_iterator<char>(stream), {});
  EXPECT_EQ(fingerprints["primaryLocationLineHash"], line_hashes(source)[9]);
  EXPECT_EQ(fingerprints["fibersan/v1"].get<std::string>().size(), 16u);
}

// R2
TEST_F(SarifTest, WithoutSourceThereIsNoLineHashAndANotificationSaysSo) {
  Document document = samples::bank("/no/such/place");
  const Json all = run({document});
  for (const Json& result : all["results"])
    EXPECT_FALSE(result["partialFingerprints"].contains("primaryLocationLineHash"));
  EXPECT_EQ(notifications(all),
            (std::vector<std::string>{"message", "no-line-hash", "source-not-read",
                                      "source-not-read", "source-not-read"}));
}

TEST_F(SarifTest, EachFiberIsAThreadFlowOutermostFrameFirst) {
  const Json result = run({samples::bank(folder_.path())})["results"][0];
  const Json& flows = result["codeFlows"][0]["threadFlows"];
  ASSERT_EQ(flows.size(), 2u);
  EXPECT_EQ(flows[0]["id"], "fiber 7 'teller'");
  const Json& steps = flows[0]["locations"];
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0]["nestingLevel"], 0);
  EXPECT_EQ(steps[0]["location"]["message"]["text"], "calls deposit");
  EXPECT_EQ(steps[1]["importance"], "essential");
  EXPECT_EQ(steps[1]["executionOrder"], 2) << "the read came before";
  EXPECT_EQ(flows[1]["locations"][1]["executionOrder"], 1);
}

TEST_F(SarifTest, LocksOfACircleAreHeldBeforeTheNextIsTaken) {
  const Json result = run({samples::bank(folder_.path())})["results"][3];
  EXPECT_EQ(result["ruleId"], "lock-order");
  const Json& steps = result["codeFlows"][0]["threadFlows"][0]["locations"];
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[1]["location"]["physicalLocation"]["region"]["startLine"], 18);
  EXPECT_EQ(steps[3]["location"]["physicalLocation"]["region"]["startLine"], 20);
}

// R3
TEST_F(SarifTest, PrimaryLocationIsInTheRepositoryIfAnyFrameIs) {
  Document document = samples::bank(folder_.path());
  document.findings = {document.findings[1]};
  document.findings[0].summary = document.findings[0].waiters[0].stack.frames[0];
  const Json result = run({document})["results"][0];
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "bank.cpp");
}

TEST_F(SarifTest, FramesWithoutSourceAreInTheirModule) {
  Document document = samples::bank(folder_.path());
  document.findings.resize(1);
  document.findings[0].summary = {};
  document.findings[0].summary.module = "bank";
  document.findings[0].summary.module_offset = 0x1234;
  for (ReportAccess& access : document.findings[0].accesses) access.stack.frames.clear();
  const Json place = run({document})["results"][0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["address"]["relativeAddress"], 0x1234);
  EXPECT_EQ(place["artifactLocation"]["uri"].get<std::string>().substr(0, 8), "file:///");
}

TEST_F(SarifTest, ProcessesAreInvocationsAndSameFindingsOneResult) {
  std::vector<Document> documents = {samples::bank(folder_.path()), samples::bank(folder_.path())};
  documents[1].process.pid = 4712;
  documents[1].complete = false;
  documents[1].process.ended_by = "SIGKILL";
  const Json all = run(documents);
  ASSERT_EQ(all["invocations"].size(), 2u);
  EXPECT_EQ(all["results"].size(), 5u);
  EXPECT_EQ(all["results"][0]["occurrenceCount"], 2);
  EXPECT_EQ(all["results"][0]["properties"]["processes"], (std::vector<int>{4711, 4712}));
  EXPECT_EQ(all["invocations"][1]["executionSuccessful"], false);
  EXPECT_EQ(all["invocations"][1]["exitSignalName"], "SIGKILL");
  EXPECT_EQ(all["invocations"][1]["toolExecutionNotifications"][0]["descriptor"]["id"],
            "incomplete");
}

TEST_F(SarifTest, ChildrenThatRanOnAreAnError) {
  Document document = samples::bank(folder_.path());
  document.totals.children_running = 2;
  EXPECT_EQ(run({document})["invocations"][0]["toolExecutionNotifications"][0]["descriptor"]["id"],
            "children-running");
}

TEST_F(SarifTest, NothingInstrumentedIsAnError) {
  Document document = samples::bank(folder_.path());
  document.findings.clear();
  document.messages.clear();
  document.totals.instrumented_functions = 0;
  const Json all = run({document});
  EXPECT_TRUE(all["results"].empty());
  EXPECT_EQ(notifications(all), std::vector<std::string>{"not-instrumented"});
}

// R1
TEST_F(SarifTest, WhatGithubRefusesIsCutAndCounted) {
  SarifLimits limits;
  limits.results = 2;
  limits.related_locations = 1;
  limits.thread_flow_locations = 3;
  const Json all = run({samples::bank(folder_.path())}, limits);
  ASSERT_EQ(all["results"].size(), 2u);
  for (const Json& result : all["results"]) {
    EXPECT_LE(result["relatedLocations"].size(), 1u);
    size_t steps = 0;
    for (const Json& flow : result["codeFlows"][0]["threadFlows"])
      steps += flow["locations"].size();
    EXPECT_LE(steps, 3u);
  }
  const std::vector<std::string> ids = notifications(all);
  EXPECT_EQ(std::vector<std::string>(ids.begin(), ids.begin() + 4),
            (std::vector<std::string>{"message", "results-cut", "locations-cut", "flows-cut"}));
  EXPECT_EQ(all["invocations"][0]["toolExecutionNotifications"][1]["message"]["text"]
                .get<std::string>()
                .substr(0, 23),
            "3 results are left out:");
}

TEST_F(SarifTest, TextEndsAtItsLimit) {
  SarifLimits limits;
  limits.bytes = 200'000;
  RenderOptions options;
  const std::vector<Document> documents = {samples::many(folder_.path(), 1000)};
  EXPECT_LT(render_sarif(documents, options, limits).size(), 250'000u);
  EXPECT_EQ(notifications(run(documents, limits))[0], "results-cut");
}

TEST_F(SarifTest, TextsOfTheProgramStayTexts) {
  const Json all = run({samples::hostile(folder_.path())});
  ASSERT_EQ(all["results"].size(), 5u);
  const std::string message = all["results"][0]["message"]["text"];
  EXPECT_NE(message.find("\\[a\\](1)"), message.npos) << "is no link of ours: " << message;
  EXPECT_EQ(all["tool"]["driver"]["rules"].back()["help"]["text"],
            "This version of FiberSan does not know this kind of finding.");
}

TEST_F(SarifTest, NoDocumentIsALogWithoutResults) {
  const Json all = run({});
  EXPECT_TRUE(all["results"].empty());
  EXPECT_TRUE(all["invocations"].empty());
}

}  // namespace
}  // namespace fibersan
