// utf8.h: bytes as UTF-8 that can be turned back.
//
// Output:   valid UTF-8 as it is; each byte that belongs to none as \xNN; a \ before an x as \x5c.
// Threads:  any; pure functions.
#ifndef FIBERSAN_DETECTOR_REPORT_UTF8_H
#define FIBERSAN_DETECTOR_REPORT_UTF8_H

#include <cstddef>
#include <string>
#include <string_view>

namespace fibersan {

// Bytes of the character that the text begins with; 0: it does not begin with one.
size_t utf8_length(std::string_view text);

std::string to_utf8(std::string_view bytes);
std::string from_utf8(std::string_view text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_UTF8_H
