// What GitHub's upload action computes, so that both agree on what is the same alert.
#include "detector/report/render/line_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fibersan {
namespace {

using testing::ElementsAre;

// The figures were taken from the action itself, see detector/report/render/README.md.
TEST(LineHash, IsTheOneOfTheUploadAction) {
  EXPECT_THAT(line_hashes(""), ElementsAre("c129715d7a2bc9a3:1"));
  EXPECT_THAT(line_hashes(" a\nb\n  \t\tc\n d"),
              ElementsAre("271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1",
                          "a23a3dc5e078b07b:1"));
}

TEST(LineHash, EndsOfLinesAreAllTheSame) {
  const auto expected = line_hashes("one\ntwo\n\nthree\n");
  EXPECT_EQ(expected.size(), 5u);
  EXPECT_EQ(line_hashes("one\r\ntwo\r\n\r\nthree\r\n"), expected);
  EXPECT_EQ(line_hashes("one\rtwo\r\rthree\r"), expected);
}

TEST(LineHash, SpacesAndTabsDoNotCount) {
  EXPECT_EQ(line_hashes("int x=1;\n"), line_hashes("\tint  x = 1 ;\n"));
}

TEST(LineHash, EqualLinesAreNumbered) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "the same line, thirty letters.\n";
  const auto hashes = line_hashes(text);
  ASSERT_EQ(hashes.size(), 11u);
  EXPECT_EQ(hashes[0].substr(0, hashes[0].size() - 1), hashes[1].substr(0, hashes[1].size() - 1));
  EXPECT_TRUE(hashes[0].ends_with(":1"));
  EXPECT_TRUE(hashes[1].ends_with(":2"));
}

TEST(LineHash, FollowsWhatComesNext) {
  std::string near = "here\n", far = "here\n" + std::string(200, 'x') + "\n";
  EXPECT_NE(line_hashes(near + "a")[0], line_hashes(near + "b")[0]);
  EXPECT_EQ(line_hashes(far + "a")[0], line_hashes(far + "b")[0]);
}

TEST(LineHash, CountsUnitsOfUtf16) {
  // One character beyond the first 65536 is two units: 98 letters and it fill the window.
  const std::string begin(98, 'x');
  EXPECT_EQ(line_hashes(begin + "\xf0\x9f\x98\x80"
                                "a")[0],
            line_hashes(begin + "\xf0\x9f\x98\x80"
                                "b")[0]);
  EXPECT_NE(line_hashes(begin + "\xc3\xb6"
                                "a")[0],
            line_hashes(begin + "\xc3\xb6"
                                "b")[0]);
}

}  // namespace
}  // namespace fibersan
