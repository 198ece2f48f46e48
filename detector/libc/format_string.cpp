#include "detector/libc/format_string.h"

#include <cstdint>
#include <cstring>

namespace fibersan {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

int FormatString::number() {
  int value = 0;
  while (is_digit(*at_)) value = (value * 10 + (*at_++ - '0')) & 0x7ffffff;
  return value;
}

Length FormatString::length() {
  switch (*at_) {
    case 'h':
      if (*++at_ != 'h') return Length::kShort;
      ++at_;
      return Length::kChar;
    case 'l':
      if (*++at_ != 'l') return Length::kLong;
      ++at_;
      return Length::kLongLong;
    case 'q':
      ++at_;
      return Length::kLongLong;
    case 'j':
      ++at_;
      return Length::kMax;
    case 'z':
    case 'Z':
      ++at_;
      return Length::kSize;
    case 't':
      ++at_;
      return Length::kDifference;
    case 'L':
      ++at_;
      return Length::kLongDouble;
    default:
      return Length::kInt;
  }
}

// Behind "%[": a bracket that comes first belongs to the set.
void FormatString::skip_set() {
  if (*at_ == '^') ++at_;
  if (*at_ == ']') ++at_;
  while (*at_ != 0 && *at_ != ']') ++at_;
  if (*at_ == ']') ++at_;
}

Conversion FormatString::next() {
  Conversion found;
  for (;;) {
    at_ = strchr(at_, '%');
    if (at_ == nullptr) {
      at_ = "";
      return found;
    }
    if (*++at_ != '%') break;
    ++at_;
  }
  const bool prints = of_ == Of::kPrint;
  while (*at_ != 0 && strchr(prints ? "-+ #0'I" : "'I", *at_) != nullptr) ++at_;
  if (is_digit(*at_)) found.width = number();
  if (*at_ == '$') found.positional = true;
  if (*at_ == '*') {
    ++at_;
    (prints ? found.star_width : found.suppressed) = true;
    if (!prints && is_digit(*at_)) found.width = number();
  }
  if (prints && *at_ == '.') {
    ++at_;
    if (*at_ == '*') {
      ++at_;
      found.star_precision = true;
    } else {
      found.precision = number();
    }
  }
  if (!prints && *at_ == 'm') {
    ++at_;
    found.allocates = true;
  }
  found.length = length();
  found.letter = *at_;
  if (*at_ != 0) ++at_;
  if (!prints && found.letter == '[') skip_set();
  return found;
}

size_t integer_size(Length length) {
  switch (length) {
    case Length::kChar:
      return sizeof(char);
    case Length::kShort:
      return sizeof(short);
    case Length::kInt:
      return sizeof(int);
    default:
      return sizeof(int64_t);
  }
}

}  // namespace fibersan
