// uri.h: paths and texts as machines want them.
//
// Threads:  any; pure functions.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_URI_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_URI_H

#include <cstdint>
#include <string>
#include <string_view>

namespace fibersan {

// A path below some folder as a relative reference: each byte that may not stand there as %XX.
std::string uri_of_path(std::string_view path);
std::string file_uri(std::string_view absolute_path);

// 2024-05-01T12:00:00.250Z
std::string utc_time(int64_t milliseconds_since_1970);

// Valid XML 1.0 between tags and in attributes: what may not even be a reference is U+FFFD, and
// a byte that is no UTF-8 is \xNN.
std::string xml_escaped(std::string_view text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_URI_H
