// What the page does with it is checked in a browser, see tests/reports/page.test.
#include "detector/report/render/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "detector/report/render/page_data.h"
#include "tests/unit/render/temporary_folder.h"

namespace fibersan {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class HtmlTest : public testing::Test {
 protected:
  std::string render(const std::vector<Document>& documents, const HtmlLimits& limits = {}) {
    RenderOptions options;
    options.sources.root = folder_.path();
    return render_html(documents, options, limits);
  }

  static Json block(const std::string& page, const std::string& id) {
    const std::string begin = "<script type=\"application/json\" id=\"" + id + "\">";
    const size_t from = page.find(begin) + begin.size();
    return Json::parse(page.substr(from, page.find("</script>", from) - from));
  }

  samples::TemporaryFolder folder_;
};

// H1
TEST(JsonText, CannotEndAScript) {
  EXPECT_EQ(json_text("</script>\"\\\n\xff"), "\"\\u003c/script>\\\"\\\\\\u000a\\\\xff\"");
  EXPECT_EQ(Json::parse(json_text("<!-- \x01 \xc3\xb6")), "<!-- \x01 \xc3\xb6");
}

TEST_F(HtmlTest, ProgramsAddNoMarkup) {
  const std::string page = render({samples::hostile(folder_.path())});
  size_t scripts = 0;
  for (size_t at = page.find("<script"); at != page.npos; at = page.find("<script", at + 1))
    ++scripts;
  EXPECT_EQ(scripts, 3u) << "tables, one block, and the page's own";
  EXPECT_EQ(page.find("<!--"), page.npos);
}

// H2
TEST_F(HtmlTest, PolicyAllowsNothingFromElsewhere) {
  const std::string page = render({});
  EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; script-src 'sha256-"));
  const size_t begin = page.find("'sha256-") + 8;
  EXPECT_EQ(page.find('\'', begin) - begin, 44u) << "base64 of 32 bytes";
  EXPECT_EQ(page.find("unsafe-inline"), page.npos);
}

TEST_F(HtmlTest, FindingsAreInBlocksAndTheIndexInAllRows) {
  const size_t count = PageData::kInBlock + 3;
  const std::string page = render({samples::many(folder_.path(), count)});
  const Json tables = block(page, "tables");
  EXPECT_EQ(tables["count"], count);
  for (const char* column :
       {"kinds", "files", "lines", "functions", "processes", "fibers", "allFiles"})
    EXPECT_EQ(tables["index"][column].size(), count) << column;
  EXPECT_EQ(block(page, "block0").size(), PageData::kInBlock);
  EXPECT_EQ(block(page, "block1").size(), 3u);
}

// Numbers that name something do.
TEST_F(HtmlTest, TablesFitTogether) {
  const std::string page =
      render({samples::bank(folder_.path()), samples::hostile(folder_.path())});
  const Json tables = block(page, "tables");
  for (const Json& stack : tables["stacks"])
    for (const Json& frame : stack[0]) EXPECT_LT(frame.get<size_t>(), tables["frames"].size());
  for (const Json& frame : tables["frames"]) {
    EXPECT_LT(frame[0].get<size_t>(), tables["functions"].size());
    EXPECT_LT(frame[1].get<size_t>(), tables["files"].size());
    EXPECT_LT(frame[4].get<size_t>(), tables["modules"].size());
  }
  for (const Json& finding : block(page, "block0")) {
    EXPECT_LT(finding["summary"].get<size_t>(), tables["frames"].size());
    for (const Json& section : finding["sections"])
      EXPECT_LT(section[2].get<int>(), static_cast<int>(tables["stacks"].size()));
    for (const Json& lane : finding["time"]["lanes"])
      EXPECT_LT(lane[0].get<size_t>(), tables["fibers"].size());
  }
}

// H3
TEST_F(HtmlTest, SourcesAreInThePageOrSayWhyNot) {
  const Json files = block(render({samples::bank(folder_.path())}), "tables")["files"];
  bool bank = false, gone = false;
  for (const Json& file : files) {
    if (file["name"] == "bank.cpp") {
      bank = true;
      EXPECT_EQ(file["lines"]["10"], "  account.balance += amount;  // no lock");
      EXPECT_FALSE(file["newer"]);
    }
    if (file["name"] == "/nowhere/at/all/gone.cpp") {
      gone = true;
      EXPECT_EQ(file["why"], "cannot be read here: No such file or directory");
    }
  }
  EXPECT_TRUE(bank && gone);
}

TEST_F(HtmlTest, SourcesThatChangedAfterTheRunSaySo) {
  Document document = samples::bank(folder_.path());
  document.process.started_ms = 1000;
  const Json files = block(render({document}), "tables")["files"];
  bool seen = false;
  for (const Json& file : files) seen |= file["name"] == "bank.cpp" && file["newer"] == true;
  EXPECT_TRUE(seen);
}

TEST_F(HtmlTest, SourcesAndGraphsEndAtTheirLimits) {
  HtmlLimits limits;
  limits.source_bytes = 10;
  limits.graph_nodes = 2;
  const std::string page = render({samples::bank(folder_.path())}, limits);
  EXPECT_THAT(page, HasSubstr("is left out: the sources of this page would be too large"));
  EXPECT_EQ(block(page, "block0")[1]["graph"], 7) << "so many nodes";
  limits.graph_nodes = 100;
  limits.graph_bytes = 1;
  const Json findings = block(render({samples::bank(folder_.path())}, limits), "block0");
  EXPECT_TRUE(findings[1]["graph"].is_string()) << "the first may";
  EXPECT_EQ(findings[3]["graph"], 0);
}

}  // namespace
}  // namespace fibersan
