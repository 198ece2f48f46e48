#include "detector/report/utf8.h"

#include <cstdint>

namespace fibersan {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return -1;
}

struct Form {
  unsigned char mask, lead;
  uint32_t smallest;  // what is shorter in another form is not valid
};
constexpr Form kForms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

}  // namespace

size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  size_t length = 1;
  for (const Form& form : kForms) {
    ++length;
    if ((first & form.mask) != form.lead) continue;
    if (text.size() < length) return 0;
    uint32_t character = first & static_cast<unsigned char>(~form.mask);
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xc0) != 0x80) return 0;
      character = character << 6 | (next & 0x3fu);
    }
    const bool surrogate = character >= 0xd800 && character < 0xe000;
    return character < form.smallest || character > 0x10ffff || surrogate ? 0 : length;
  }
  return 0;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = utf8_length(bytes.substr(at));
    const bool ambiguous = bytes[at] == '\\' && at + 1 < bytes.size() && bytes[at + 1] == 'x';
    if (length != 0 && !ambiguous) {
      text += bytes.substr(at, length);
      at += length;
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

std::string from_utf8(std::string_view text) {
  std::string bytes;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x' &&
                        digit(text[at + 2]) >= 0 && digit(text[at + 3]) >= 0;
    if (!escape) {
      bytes += text[at];
      continue;
    }
    bytes += static_cast<char>(digit(text[at + 2]) << 4 | digit(text[at + 3]));
    at += 3;
  }
  return bytes;
}

}  // namespace fibersan
