#include "detector/report/render/source_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "detector/report/render/uri.h"
#include "detector/report/render/utf16.h"

namespace fibersan {
namespace {

class SourceFilesTest : public testing::Test {
 protected:
  SourceFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "fsan sources XXXXXX").string();
    folder_ = std::filesystem::canonical(mkdtemp(name.data())).string();
    std::filesystem::create_directories(folder_ + "/repo/src");
    std::ofstream(folder_ + "/repo/src/a b.cpp", std::ios::binary) << "one\r\ntwo\nthree";
    std::ofstream(folder_ + "/outside.h") << "x\n";
  }
  ~SourceFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
};

TEST_F(SourceFilesTest, NamesAreRelativeToTheRoot) {
  SourceFiles files({folder_ + "/repo", ""});
  const SourceFile& file = files.file(folder_ + "/repo/build/../src/a b.cpp", "/");
  EXPECT_EQ(file.path, "src/a b.cpp");
  EXPECT_TRUE(file.in_root);
  EXPECT_TRUE(file.found);
  EXPECT_EQ(uri_of_path(file.path), "src/a%20b.cpp");
}

TEST_F(SourceFilesTest, OthersStayAbsolute) {
  SourceFiles files({folder_ + "/repo", ""});
  const SourceFile& file = files.file(folder_ + "/outside.h", "/");
  EXPECT_EQ(file.path, folder_ + "/outside.h");
  EXPECT_FALSE(file.in_root);
  EXPECT_FALSE(files.file(folder_ + "/repository/x.h", "/").in_root) << "only the begin is alike";
}

TEST_F(SourceFilesTest, RelativeNamesAreLookedForInTheRootThenWhereTheProcessRan) {
  SourceFiles files({folder_ + "/repo", ""});
  EXPECT_EQ(files.file("src/a b.cpp", "/somewhere").path, "src/a b.cpp");
  EXPECT_EQ(files.file("../outside.h", folder_ + "/repo").path, folder_ + "/outside.h");
  EXPECT_EQ(files.file("a b.cpp", folder_ + "/repo/src").path, "src/a b.cpp");
}

TEST_F(SourceFilesTest, RootOfTheCompilerIsReplaced) {
  SourceFiles files({folder_ + "/repo", "/container/work"});
  EXPECT_EQ(files.file("/container/work/src/a b.cpp", "/").path, "src/a b.cpp");
  EXPECT_EQ(files.file("/container/workshop/src/a b.cpp", "/").path,
            "/container/workshop/src/a b.cpp");
}

TEST_F(SourceFilesTest, LinksAreResolved) {
  std::filesystem::create_directory_symlink(folder_ + "/repo", folder_ + "/link");
  SourceFiles files({folder_ + "/link", ""});
  EXPECT_EQ(files.file(folder_ + "/link/src/a b.cpp", "/").path, "src/a b.cpp");
  EXPECT_EQ(files.file(folder_ + "/repo/src/a b.cpp", "/").path, "src/a b.cpp");
}

TEST_F(SourceFilesTest, LinesEndWithoutTheirEnds) {
  SourceFiles files({folder_ + "/repo", ""});
  const SourceFile& file = files.file("src/a b.cpp", "/");
  EXPECT_EQ(file.line(1), "one");
  EXPECT_EQ(file.line(2), "two");
  EXPECT_EQ(file.line(3), "three");
  EXPECT_EQ(file.line(0), std::nullopt);
  EXPECT_EQ(file.line(4), std::nullopt);
  EXPECT_NE(file.line_hash(3), "");
  EXPECT_EQ(file.line_hash(4), "");
  EXPECT_EQ(files.file(folder_ + "/outside.h", "/").line(2), std::nullopt) << "behind the last end";
}

TEST_F(SourceFilesTest, WhatCannotBeReadSaysWhy) {
  SourceFiles files({folder_ + "/repo", ""});
  EXPECT_EQ(files.file("gone.cpp", "").why_not, "cannot be read here: No such file or directory");
  EXPECT_EQ(files.file(folder_ + "/repo", "").why_not, "is no regular file");
  EXPECT_FALSE(files.file("gone.cpp", "").line(1));
  std::filesystem::resize_file(folder_ + "/outside.h", SourceFiles::kMostBytes + 1);
  EXPECT_EQ(files.file(folder_ + "/outside.h", "").why_not, "is larger than 8 MiB");
}

TEST_F(SourceFilesTest, WithoutARootAllAreAbsolute) {
  SourceFiles files({});
  EXPECT_EQ(files.file("src/a b.cpp", folder_ + "/repo").path, folder_ + "/repo/src/a b.cpp");
  EXPECT_FALSE(files.file("src/a b.cpp", folder_ + "/repo").in_root);
}

TEST(Uri, OnlyWhatMayStandStands) {
  EXPECT_EQ(uri_of_path("a/b-c_d.e~f"), "a/b-c_d.e~f");
  EXPECT_EQ(uri_of_path("c:x?y#z%[ö"), "c%3Ax%3Fy%23z%25%5B%C3%B6");
  EXPECT_EQ(file_uri("/tmp/a b"), "file:///tmp/a%20b");
}

TEST(Uri, TimeIsUtcWithMilliseconds) {
  EXPECT_EQ(utc_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_time(1714564800250), "2024-05-01T12:00:00.250Z");
}

TEST(Xml, WhatMayNotBeInItIsReplaced) {
  EXPECT_EQ(xml_escaped("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
  EXPECT_EQ(xml_escaped("a\nb\tc"), "a&#10;b&#9;c");
  EXPECT_EQ(xml_escaped(std::string("\x01\0", 2)), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(xml_escaped("\xef\xbf\xbe"), "\xef\xbf\xbd");
  EXPECT_EQ(xml_escaped("gr\xc3\xb6\xff"), "gr\xc3\xb6\\xff");
}

TEST(Utf16, CharactersBeyondTheFirstPlaneAreTwoUnits) {
  EXPECT_EQ(utf16_length("a\xc3\xb6\xe6\x95\xb0\xf0\x9f\x98\x80"), 5u);
  EXPECT_EQ(utf16_length("\xff"), 1u);
}

}  // namespace
}  // namespace fibersan
