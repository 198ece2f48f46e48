// Formats of printf and scanf, as far as the twins have to understand them.
#include "detector/libc/format_string.h"

#include <gtest/gtest.h>

#include <string>

namespace fibersan {
namespace {

using Of = FormatString::Of;

// Letters in order; '*' before a letter that takes its width or precision from an argument.
std::string letters(const char* format, Of of) {
  std::string text;
  FormatString conversions(format, of);
  for (Conversion next = conversions.next(); next.letter != 0; next = conversions.next()) {
    if (next.star_width) text += '*';
    if (next.star_precision) text += '*';
    if (next.suppressed) text += '-';
    if (next.positional) text += '$';
    text += next.letter;
  }
  return text;
}

Conversion first(const char* format, Of of) { return FormatString(format, of).next(); }

TEST(FormatString, ReadsPrint) {
  EXPECT_EQ(letters("", Of::kPrint), "");
  EXPECT_EQ(letters("plain 100%%", Of::kPrint), "");
  EXPECT_EQ(letters("%d%%%s", Of::kPrint), "ds");
  EXPECT_EQ(letters("%-+ #0'5d %*.*f %.*s|%m", Of::kPrint), "d**f*sm");
  EXPECT_EQ(letters("%5$s", Of::kPrint), "$$");
  EXPECT_EQ(letters("ends in %", Of::kPrint), "");
  EXPECT_EQ(letters("%hhd %hd %ld %lld %jd %zu %td %Lf %p %n", Of::kPrint), "dddddudfpn");
}

TEST(FormatString, ReadsScan) {
  EXPECT_EQ(letters("%d %*s %5c %[a-z] %[]x] %[^]x]%n", Of::kScan), "d-sc[[[n");
  EXPECT_EQ(letters("%*3d%*[a]x%d", Of::kScan), "-d-[d");
  EXPECT_EQ(letters("%[unfinished", Of::kScan), "[");
  EXPECT_TRUE(first("%ms", Of::kScan).allocates);
  EXPECT_FALSE(first("%s", Of::kScan).allocates);
}

TEST(FormatString, NumbersAndLengths) {
  EXPECT_EQ(first("%12.34s", Of::kPrint).width, 12);
  EXPECT_EQ(first("%12.34s", Of::kPrint).precision, 34);
  EXPECT_EQ(first("%.s", Of::kPrint).precision, 0);
  EXPECT_EQ(first("%s", Of::kPrint).precision, -1);
  EXPECT_EQ(first("%7c", Of::kScan).width, 7);
  EXPECT_EQ(integer_size(first("%hhn", Of::kPrint).length), 1u);
  EXPECT_EQ(integer_size(first("%hn", Of::kPrint).length), 2u);
  EXPECT_EQ(integer_size(first("%n", Of::kPrint).length), 4u);
  for (const char* wide : {"%ln", "%lln", "%qn", "%jn", "%zn", "%tn"})
    EXPECT_EQ(integer_size(first(wide, Of::kPrint).length), 8u) << wide;
  EXPECT_EQ(first("%Lf", Of::kPrint).length, Length::kLongDouble);
}

}  // namespace
}  // namespace fibersan
