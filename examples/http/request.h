// request.h: the head of an HTTP/1.1 request, from bytes to parts.
//
// Input:    what has been received so far, and limits.
// Output:   a Request, or the status with which to refuse it.
// Semantics: RFC 9112, strictly where leniency has let requests be smuggled: lines end in
//           CRLF, no space before a colon, no folded lines, one length only.
// Not here: bodies. body_size() says how much follows; chunked bodies are refused (501).
#ifndef EXAMPLES_HTTP_REQUEST_H
#define EXAMPLES_HTTP_REQUEST_H

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

struct Limits {
  size_t line = 8 * 1024;  // the request line (414) and each header (431)
  size_t head = 32 * 1024;
  size_t headers = 100;
};

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// A decimal number and nothing else.
inline std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Request {
  std::string method;
  std::string target;
  int minor_version = 1;  // of HTTP/1
  std::vector<std::pair<std::string, std::string>> headers;

  std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [key, value] : headers)
      if (same_text(key, name)) return value;
    return std::nullopt;
  }
  bool keep_alive() const {
    const std::string_view wish = header("Connection").value_or("");
    return minor_version == 0 ? same_text(wish, "keep-alive") : !same_text(wish, "close");
  }
  uint64_t body_size() const { return number(header("Content-Length").value_or("0")).value_or(0); }
};

struct Parsed {
  int status = 0;   // 0: more is needed; 200: a request; else how to refuse it
  size_t size = 0;  // of the head, with status 200
};

inline bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != kMarks.npos;
  });
}

inline bool is_visible(std::string_view text) {  // and spaces, tabs, and bytes above ASCII
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 127;
  });
}

inline int parse_request_line(std::string_view line, Request& request) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == line.npos || first == last) return 400;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(request.method) || request.target.empty() || !is_visible(request.target) ||
      request.target.find(' ') != request.target.npos)
    return 400;
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.') return 400;
  if (version[5] != '1') return 505;
  if (version[7] < '0' || version[7] > '9') return 400;
  request.minor_version = version[7] == '0' ? 0 : 1;
  return 200;
}

inline int parse_header(std::string_view line, Request& request) {
  const size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon))) return 400;
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!is_visible(value)) return 400;
  request.headers.emplace_back(line.substr(0, colon), value);
  return 200;
}

inline int check_headers(const Request& request) {
  if (request.header("Transfer-Encoding")) return 501;
  size_t hosts = 0;
  size_t lengths = 0;
  for (const auto& [name, value] : request.headers) {
    if (same_text(name, "Host")) ++hosts;
    if (same_text(name, "Content-Length") && (++lengths > 1 || !number(value))) return 400;
  }
  return hosts > 1 || (hosts == 0 && request.minor_version > 0) ? 400 : 200;
}

// The request at the beginning of `input`.
inline Parsed parse(std::string_view input, const Limits& limits, Request& request) {
  request = {};
  size_t begin = 0;
  for (bool is_first = true;; is_first = false) {
    const std::string_view rest = input.substr(begin);
    const size_t end = rest.find('\n');
    if (std::min(end, rest.size()) > limits.line) return {is_first ? 414 : 431};
    if (begin + std::min(end, rest.size()) > limits.head) return {431};
    if (end == rest.npos) return {};
    if (end == 0 || rest[end - 1] != '\r') return {400};
    const std::string_view line = rest.substr(0, end - 1);
    begin += end + 1;
    int status = 200;
    if (is_first) {
      status = parse_request_line(line, request);
    } else if (line.empty()) {
      return {check_headers(request), begin};
    } else if (request.headers.size() == limits.headers) {
      status = 431;
    } else {
      status = parse_header(line, request);
    }
    if (status != 200) return {status};
  }
}

}  // namespace http

#endif  // EXAMPLES_HTTP_REQUEST_H
