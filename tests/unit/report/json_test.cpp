#include "detector/report/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "tests/unit/report/random_document.h"

namespace fibersan {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// How many members an aggregate has: the most initializers that it takes.
struct Anything {
  template <class T>
  operator T() const {
    std::abort();
  }  // NOLINT(google-explicit-constructor)
};
template <class T, class... Members>
constexpr size_t members_of() {
  if constexpr (requires { T{Members{}..., Anything{}}; })
    return members_of<T, Members..., Anything>();
  else
    return sizeof...(Members);
}

struct CountingVisitor {
  size_t count = 0;
  void operator()(std::string_view, auto&) { ++count; }
  void always(std::string_view, auto&) { ++count; }
  void hex(std::string_view, auto&) { ++count; }
};

template <class T>
void expect_all_members() {
  CountingVisitor visitor;
  T value{};
  fields(visitor, value);
  EXPECT_EQ(visitor.count, members_of<T>()) << testing::PrintToString(typeid(T).name());
}

// A member that is added to report.h and forgotten in report_fields.h would be lost.
TEST(Json, HasEachMember) {
  expect_all_members<SourceFrame>();
  expect_all_members<Trace>();
  expect_all_members<FiberName>();
  expect_all_members<HeldMutex>();
  expect_all_members<ReportAccess>();
  expect_all_members<ReportParty>();
  expect_all_members<ReportObject>();
  expect_all_members<ReportMutex>();
  expect_all_members<ReportFree>();
  expect_all_members<ReportLocation>();
  expect_all_members<ReportFiber>();
  expect_all_members<ReportWaiters::Ids>();
  expect_all_members<ReportWaiters>();
  expect_all_members<ReportLockStep>();
  expect_all_members<Report>();
  expect_all_members<Document::Message>();
  expect_all_members<Document::Suppression>();
  expect_all_members<Document::Totals>();
  expect_all_members<Document::TextShape>();
  static_assert(members_of<Document::Process>() == 12);
  static_assert(members_of<Document>() == 9);
}

TEST(Json, KeepsEverything) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Document document = random_document(seed);
    const std::string text = to_json(document);
    const DocumentsRead read = read_documents(text);
    ASSERT_EQ(read.error, "") << text;
    ASSERT_EQ(read.documents.size(), 1u);
    ASSERT_EQ(read.documents[0], document) << seed << "\n" << text;
  }
}

TEST(Json, IsOfItsSchema) {
  const std::string path = testing::TempDir() + "fibersan_json_test.json";
  std::ofstream(path) << [] {
    std::string all;
    for (uint64_t seed = 0; seed < 25; ++seed) all += to_json(random_document(seed));
    return all + to_json(Document{});
  }();
  const std::string folder = FIBERSAN_SOURCE_DIR;
  const std::string command = "python3 '" + folder + "/tests/unit/report/Inputs/validate.py' '" +
                              folder + "/docs/report.schema.json' '" + path + "' 2>&1";
  FILE* const output = popen(command.c_str(), "r");
  ASSERT_NE(output, nullptr);
  std::string said;
  for (int letter; (letter = getc(output)) != EOF;) said += static_cast<char>(letter);
  EXPECT_EQ(pclose(output), 0) << said;
  EXPECT_EQ(said, "26 documents, 0 errors\n");
  remove(path.c_str());
}

Document two_findings() {
  Document document;
  document.tool_version = "1.2.3";
  document.process.pid = 7;
  document.precision = "exact";
  document.complete = true;
  document.totals.findings = 2;
  document.findings.resize(2);
  for (Report& report : document.findings) {
    report.fingerprint = "0123456789abcdef";
    report.kind = "data race";
    report.pid = 7;
  }
  return document;
}

TEST(Json, IsReadInAnyLayout) {
  const std::string text =
      "\n { \"findings\" : [ { \"pid\":7, \"kind\":\"data\\u0020race\", "
      "\"later\":[1.5e3,{\"a\":null}],"
      "\"fingerprint\":\"0123456789abcdef\",\"accesses\":[] },\n{\"kind\":\"data race\","
      "\"fingerprint\":\"0123456789abcdef\",\"pid\":7}],\"complete\":true,\"precision\":\"exact\","
      "\"totals\":{\"findings\":2},\"process\":{\"pid\":7},\"tool\":{\"version\":\"1.2.3\"},"
      "\"schema_version\" : 1 } ";
  const DocumentsRead read = read_documents(text);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.documents[0], two_findings());
}

TEST(Json, ReadsSeveral) {
  const std::string one = to_json(two_findings());
  EXPECT_EQ(read_documents(one + one + one).documents.size(), 3u);
  const DocumentsRead array = read_documents("[" + one + "," + one + "]\n");
  EXPECT_EQ(array.error, "");
  EXPECT_EQ(array.documents, (std::vector<Document>{two_findings(), two_findings()}));
}

TEST(Json, ReadsCharactersOfOtherWriters) {
  std::string text = to_json(two_findings());
  const size_t at = text.find("data race");
  text.replace(at, 9, R"(\u00e9\ud83d\ude00\ud83dx\/)");
  EXPECT_EQ(read_documents(text).documents.at(0).findings[0].kind, "é😀\xef\xbf\xbdx/");
}

std::string error_of(const std::string& text) {
  const DocumentsRead read = read_documents(text);
  EXPECT_TRUE(read.documents.empty());
  return read.error;
}

TEST(Json, SaysWhatIsWrongWithTheKind) {
  EXPECT_THAT(error_of(" \n"), AllOf(HasSubstr("empty"), HasSubstr("format=json")));
  EXPECT_THAT(error_of("\x7f"
                       "ELF\x02"),
              HasSubstr("a program or library"));
  EXPECT_THAT(error_of("WARNING: FiberSan: data race (pid=1)\n"), HasSubstr("report as text"));
  EXPECT_THAT(error_of("hello\n"), HasSubstr("no report of FiberSan's"));
  EXPECT_THAT(error_of("{\"version\":\"2.1.0\",\"$schema\":\"sarif-2.1.0\"}"), HasSubstr("SARIF"));
  EXPECT_THAT(error_of("{}"), HasSubstr("schema_version"));
  EXPECT_THAT(error_of("[]"), HasSubstr("schema_version"));
  EXPECT_THAT(error_of("{\"schema_version\":1}"), HasSubstr("findings are missing"));
}

TEST(Json, RefusesANewerSchema) {
  EXPECT_THAT(error_of(to_json(two_findings()).replace(18, 1, "2")),
              AllOf(HasSubstr("schema_version is 2"), HasSubstr("knows 1 at most"),
                    HasSubstr("use FiberSan 1.2.3")));
  EXPECT_TRUE(recover_documents(to_json(two_findings()).replace(18, 1, "2")).newer);
  EXPECT_THAT(error_of(to_json(two_findings()).replace(18, 1, "-3")), HasSubstr("-3"));
}

TEST(Json, SaysWhereItIsDamaged) {
  const std::string good = to_json(two_findings());
  const auto with = [&](const std::string& part, const std::string& other) {
    std::string text = good;
    return text.replace(text.rfind(part), part.size(), other);
  };
  EXPECT_THAT(error_of(with("\"pid\":7", "\"pid\":\"7\"")),
              HasSubstr("end.pid): expected a number"));
  EXPECT_THAT(error_of(with("\"pid\":7}\n]", "\"pid\":7,\"accesses\":[{\"size\":-1}]}\n]")),
              AllOf(HasSubstr("line 3, findings[1].accesses[0].size"), HasSubstr("whole number")));
  EXPECT_THAT(error_of(with("\"pid\":7}\n]", "\"pid\":7,\"accesses\":[{\"kind\":\"look\"}]}\n]")),
              HasSubstr("'look' is none of: read, write, free, operation"));
  EXPECT_THAT(error_of(with("\"pid\":7}\n]", "\"pid\":7,\"location\":{\"address\":\"0x1g\"}}\n]")),
              HasSubstr("expected an address"));
  EXPECT_THAT(error_of(with("0123456789abcdef", "")), HasSubstr("needs a fingerprint"));
  EXPECT_THAT(error_of(with("\"complete\":true", "\"complete\":treu")),
              HasSubstr("expected a value"));
  EXPECT_THAT(error_of(with("exact", "ex\nact")), HasSubstr("control character"));
  EXPECT_THAT(error_of(with("exact", "ex\\qact")), HasSubstr("escape"));
  EXPECT_THAT(error_of(good + "}"), HasSubstr("expected {"));
  std::string deep(100'000, '[');
  EXPECT_THAT(error_of(with("\"exact\"", deep)), HasSubstr("nested too deeply"));
}

TEST(Json, OfWhateverWasCutTheWholeFindingsAreKept) {
  Document document = random_document(5);
  while (document.findings.size() < 2) document.findings.push_back(two_findings().findings[0]);
  for (Report& report : document.findings) report.pid = document.process.pid;
  const std::string text = to_json(document);
  const size_t begin = text.find("\"findings\":[");
  for (size_t length = 0; length + 1 < text.size(); length += 7) {
    const std::string cut = text.substr(0, length);
    const DocumentsRead read = read_documents(cut);
    ASSERT_NE(read.error, "") << length;
    ASSERT_TRUE(read.truncated || length == 0) << length << read.error;
    const DocumentsRead recovered = recover_documents(cut);
    if (length < begin) continue;
    ASSERT_EQ(recovered.error, "") << length;
    ASSERT_EQ(recovered.documents.size(), 1u) << length;
    const Document& kept = recovered.documents[0];
    const auto lines = static_cast<size_t>(std::count(cut.begin(), cut.end(), '\n'));
    ASSERT_GE(kept.findings.size() + 1, lines) << length;
    ASSERT_LE(kept.findings.size(), lines) << length;
    for (size_t i = 0; i < kept.findings.size(); ++i)
      ASSERT_EQ(kept.findings[i], document.findings[i]) << length;
    ASSERT_FALSE(kept.complete) << length;
    ASSERT_EQ(kept.totals.findings, kept.findings.size());
    ASSERT_EQ(kept.process.executable, document.process.executable);
  }
  EXPECT_EQ(recover_documents(text).documents.at(0), document);
}

TEST(Json, RecoversWhatWasLaidOutAnew) {
  std::string text = to_json(two_findings());
  for (size_t at; (at = text.find(",\"")) != std::string::npos;) text.replace(at, 1, " ,\n ");
  text.resize(text.rfind("0123456789abcdef"));
  const DocumentsRead read = recover_documents(text);
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.documents.at(0).findings, (std::vector<Report>{two_findings().findings[0]}));
}

TEST(Json, RecoversStreamsOfSeveralProcessesAndOtherOutput) {
  Document parent = two_findings(), child = two_findings();
  child.process.pid = 8;
  child.findings.pop_back();
  child.findings[0].pid = 8;
  const auto lines = [](const Document& document) {
    std::vector<std::string> all(1);
    for (const char letter : to_json(document)) {
      all.back() += letter;
      if (letter == '\n') all.emplace_back();
    }
    return all;
  };
  const std::vector<std::string> p = lines(parent), c = lines(child);
  ASSERT_EQ(p.size(), 5u);
  const std::string mixed = "starting " + p[0] + "hello\n" + p[1] + c[0] + "no newline: " + c[1] +
                            p[2] + "{\"fingerprint\":\"\n" + c[2] + p[3] + "done\n";
  const DocumentsRead read = recover_documents(mixed);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.documents, (std::vector<Document>{parent, child}));
}

TEST(Json, ReadsManyFindings) {
  Document document = two_findings();
  Report report;
  report.kind = "data race";
  SourceFrame frame;
  frame.function = "run(int)";
  frame.file = "/somewhere/a.cpp";
  report.accesses.resize(2);
  for (ReportAccess& access : report.accesses) access.stack.frames.assign(4, frame);
  document.findings.resize(100'000, report);
  for (Report& report : document.findings) report.fingerprint = "0123456789abcdef";
  EXPECT_EQ(read_documents(to_json(document)).documents.at(0).findings.size(), 100'000u);
}

}  // namespace
}  // namespace fibersan
