#include "detector/report/render/uri.h"

#include <cstdio>
#include <ctime>

#include "detector/report/utf8.h"

namespace fibersan {
namespace {

// RFC 3986, unreserved, and / between segments. A colon could end a scheme.
bool may_stand(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') ||
         std::string_view("-._~/").find(letter) != std::string_view::npos;
}

const char* reference_of(char letter) {
  switch (letter) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    case '\n':
      return "&#10;";
    case '\t':
      return "&#9;";
    case '\r':
      return "&#13;";
    default:
      return static_cast<unsigned char>(letter) < 0x20 ? "\xef\xbf\xbd" : nullptr;
  }
}

}  // namespace

std::string uri_of_path(std::string_view path) {
  std::string uri;
  for (const char letter : path) {
    if (may_stand(letter)) {
      uri += letter;
    } else {
      char code[4];
      snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(letter));
      uri += code;
    }
  }
  return uri;
}

std::string file_uri(std::string_view absolute_path) {
  return "file://" + uri_of_path(absolute_path);
}

std::string utc_time(int64_t milliseconds_since_1970) {
  const time_t seconds = milliseconds_since_1970 / 1000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char date[48], text[64];
  strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text, sizeof text, "%s.%03dZ", date, static_cast<int>(milliseconds_since_1970 % 1000));
  return text;
}

std::string xml_escaped(std::string_view bytes) {
  const std::string text = to_utf8(bytes);
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (const char* reference = reference_of(text[i])) {
      result += reference;
    } else if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
      result += "\xef\xbf\xbd";  // U+FFFE and U+FFFF are no characters of XML
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace fibersan
