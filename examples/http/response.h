// response.h: the head of a response, ranges, dates.
#ifndef EXAMPLES_HTTP_RESPONSE_H
#define EXAMPLES_HTTP_RESPONSE_H

#include <time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "request.h"

namespace http {

inline std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 414:
      return "URI Too Long";
    case 416:
      return "Range Not Satisfiable";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Internal Server Error";
  }
}

inline std::string http_date(time_t when) {
  tm parts{};
  gmtime_r(&when, &parts);
  char text[64];
  return {text, strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

class Head {
 public:
  explicit Head(int status)
      : text_("HTTP/1.1 " + std::to_string(status) + " " + std::string(reason(status)) + "\r\n") {
    add("Date", http_date(time(nullptr)));
  }
  Head& add(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
    return *this;
  }
  std::string finished(bool keep_alive) {
    return add("Connection", keep_alive ? "keep-alive" : "close").text_ + "\r\n";
  }

 private:
  std::string text_;
};

struct Range {
  uint64_t begin;
  uint64_t size;
};

// What "bytes=..." asks of a file of `size` bytes. Not understood, or several ranges: nothing,
// and the whole file is sent, as RFC 9110 allows. A size of 0: there is nothing there (416).
inline std::optional<Range> range_of(std::string_view header, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  const std::string_view range = header.substr(kUnit.size());
  const size_t dash = range.find('-');
  if (dash == range.npos) return std::nullopt;
  const auto first = number(range.substr(0, dash));
  const auto last = number(range.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!last) return std::nullopt;
    const uint64_t count = std::min(*last, size);
    return Range{size - count, count};
  }
  if (!first || (!last && dash + 1 != range.size()) || (last && *last < *first))
    return std::nullopt;
  if (*first >= size) return Range{0, 0};
  const uint64_t end = last ? std::min(*last, size - 1) : size - 1;
  return Range{*first, end - *first + 1};
}

}  // namespace http

#endif  // EXAMPLES_HTTP_RESPONSE_H
