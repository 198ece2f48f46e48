#include "detector/report/render/headline.h"

#include <gtest/gtest.h>

#include "detector/report/render/kinds.h"
#include "detector/report/render/merged.h"
#include "tests/unit/render/samples.h"

namespace fibersan {
namespace {

TEST(ShortFunction, HasNeitherParametersNorTemplateArguments) {
  EXPECT_EQ(short_function("deposit(Account&, long)"), "deposit");
  EXPECT_EQ(short_function("std::vector<int, std::allocator<int>>::push_back(int const&)"),
            "std::vector::push_back");
  EXPECT_EQ(short_function("(anonymous namespace)::look(int) const"),
            "(anonymous namespace)::look");
  EXPECT_EQ(short_function("main"), "main");
  EXPECT_EQ(short_function("main::$_0::operator()() const"), "main::$_0::operator()");
  EXPECT_EQ(short_function("run(int)::'lambda'(long)::operator()(long) const"),
            "run::'lambda'::operator()");
}

TEST(ShortFunction, HasNoType) {
  EXPECT_EQ(short_function("void fiber::Once::call<main::$_0>(main::$_0&&)"), "fiber::Once::call");
  EXPECT_EQ(short_function("unsigned long fiber::select<int, char>(int, char)"), "fiber::select");
  EXPECT_EQ(short_function("std::vector<int> (anonymous namespace)::make<int>()"),
            "(anonymous namespace)::make");
  EXPECT_EQ(short_function("main::$_0::operator()() const::'lambda'(int)::operator()(int) const"),
            "main::$_0::operator()::'lambda'::operator()");
}

TEST(ShortFunction, OperatorsKeepTheirSigns) {
  EXPECT_EQ(short_function("Key::operator<(Key const&) const"), "Key::operator<");
  EXPECT_EQ(short_function("operator<<(std::ostream&, Key)"), "operator<<");
  EXPECT_EQ(short_function("Map<int>::operator[](int)"), "Map::operator[]");
  EXPECT_EQ(short_function("Key::operator->() const"), "Key::operator->");
  EXPECT_EQ(short_function("Key::operator bool() const"), "Key::operator bool");
  EXPECT_EQ(short_function("my_operator<int>(int)"), "my_operator");
}

TEST(Headline, SaysWhatBothSidesDid) {
  const Document document = samples::bank("/src");
  EXPECT_EQ(headline(document.findings[0]),
            "Data race: write of size 8 by fiber 7 'teller' in deposit; previous read of size 8 by "
            "fiber 8 "
            "in look");
  EXPECT_EQ(headline(document.findings[3]),
            "Send on closed channel: operation on channel 'jobs' by fiber 9 in produce; closed by "
            "fiber 10 "
            "in produce");
}

TEST(Headline, OfDeadlocksSaysWhoWaits) {
  const Document document = samples::bank("/src");
  EXPECT_EQ(headline(document.findings[1]),
            "Partial deadlock: fiber 3 waits: mutex lock on mutex in transfer; fiber 4 "
            "waits: mutex "
            "lock on mutex in transfer; 12 fibers wait: chan send on channel 'results' "
            "in consume");
  EXPECT_EQ(headline(document.findings[2]),
            "Lock-order inversion (potential deadlock): fiber 3 takes M2 while it holds M1 in "
            "transfer; fiber "
            "4 takes M1 while it holds M2 in transfer");
}

TEST(Headline, HasAnEndWhenManyWait) {
  Report report;
  report.kind = "global deadlock";
  report.waiters.resize(1000);
  const auto parts = headline_parts(report);
  ASSERT_EQ(parts.size(), 5u);
  EXPECT_EQ(parts.back().text, "and 996 more");
}

TEST(Kinds, EachRowHasItsNames) {
  const FindingKind kind = kind_of("heap-use-after-free race");
  EXPECT_EQ(kind.id, "use-after-free-race");
  EXPECT_EQ(kind.name, "UseAfterFreeRace");
  EXPECT_EQ(kind.level, Level::kError);
  EXPECT_EQ(kind.tags, (std::vector<std::string>{"concurrency", "race", "external/cwe/cwe-416"}));
  for (const FindingKind& other : finding_kinds()) {
    EXPECT_EQ(kind_of(other.text).id, other.id);
    EXPECT_FALSE(other.help.empty()) << other.id;
  }
}

TEST(Kinds, ThoseOfOtherVersionsAreMadeFromTheirText) {
  EXPECT_EQ(kind_of("Quantum race (new)").id, "quantum-race-new");
  EXPECT_EQ(kind_of("").id, "unknown-finding");
  EXPECT_EQ(kind_of("!").id, "unknown");
}

TEST(Merged, SameFindingsOfSeveralProcessesAreOne) {
  std::vector<Document> documents = {samples::bank("/src"), samples::bank("/src")};
  documents[1].findings.resize(1);
  const auto findings = merged(documents);
  ASSERT_EQ(findings.size(), 5u);
  EXPECT_EQ(findings[0].documents, (std::vector<size_t>{0, 1}));
  EXPECT_EQ(findings[1].documents, std::vector<size_t>{0});
}

TEST(Merged, ErrorsComeBeforeWarnings) {
  const std::vector<Document> documents = {samples::bank("/src")};
  std::vector<std::string> kinds;
  for (const MergedFinding& finding : merged(documents)) kinds.push_back(finding.report->kind);
  EXPECT_EQ(kinds,
            (std::vector<std::string>{"data race", "partial deadlock", "send on closed channel",
                                      "lock-order inversion (potential deadlock)", "fiber leak"}));
}

TEST(Merged, WithoutFingerprintNothingIsTheSame) {
  std::vector<Document> documents = {samples::bank("/src")};
  documents[0].findings = {documents[0].findings[0], documents[0].findings[0]};
  EXPECT_EQ(merged(documents).size(), 1u);
  for (Report& report : documents[0].findings) report.fingerprint.clear();
  EXPECT_EQ(merged(documents).size(), 2u);
}

}  // namespace
}  // namespace fibersan
