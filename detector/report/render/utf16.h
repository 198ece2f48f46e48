// utf16.h: UTF-8 as the units of UTF-16 that others count in.
//
// Invariants
//   U1  A byte that belongs to no character counts as one unit, U+FFFD.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_UTF16_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_UTF16_H

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detector/report/utf8.h"

namespace fibersan {

// The character that the text begins with; U+FFFD when there is none.
inline uint32_t first_code_point(std::string_view text, size_t length) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(text[i]));
  };
  switch (length) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3:
      return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    case 4:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 |
             (byte(3) & 0x3f);
    default:
      return 0xfffd;
  }
}

template <class Function>
void for_each_utf16(std::string_view text, Function function) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const uint32_t point = first_code_point(text, length);
    if (point < 0x10000) {
      function(static_cast<uint16_t>(point));
    } else {
      function(static_cast<uint16_t>(0xd800 + ((point - 0x10000) >> 10)));
      function(static_cast<uint16_t>(0xdc00 + ((point - 0x10000) & 0x3ff)));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

inline size_t utf16_length(std::string_view text) {
  size_t count = 0;
  for_each_utf16(text, [&](uint16_t) { ++count; });
  return count;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_UTF16_H
