#include "detector/report/json_reader.h"

#include <algorithm>

#include "detector/report/utf8.h"

namespace fibersan {
namespace {

constexpr uint32_t kReplacement = 0xfffd;  // of half a character

void append_utf8(std::string& text, uint32_t character) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  if (character < 0x80) {
    text += byte(character);
  } else if (character < 0x800) {
    text += {byte(0xc0 | character >> 6), byte(0x80 | (character & 63))};
  } else if (character < 0x10000) {
    text += {byte(0xe0 | character >> 12), byte(0x80 | (character >> 6 & 63)),
             byte(0x80 | (character & 63))};
  } else {
    text += {byte(0xf0 | character >> 18), byte(0x80 | (character >> 12 & 63)),
             byte(0x80 | (character >> 6 & 63)), byte(0x80 | (character & 63))};
  }
}

}  // namespace

void JsonReader::fail(std::string what) { fail_at(at_, std::move(what)); }

void JsonReader::fail_at(size_t place, std::string what) {
  if (failed_) return;
  failed_ = true;
  truncated_ = place >= text_.size();
  failed_at_ = place;
  message_ = std::move(what);
}

std::string JsonReader::error() const {
  const auto lines =
      std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(failed_at_), '\n');
  std::string text = "byte " + std::to_string(failed_at_) + " (line " + std::to_string(lines + 1);
  // Of the outermost object the field, not the dot before it.
  if (!path_.empty()) text += ", " + path_.substr(path_[0] == '.' ? 1 : 0);
  return text + "): " + message_;
}

char JsonReader::peek() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
    ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonReader::take(char letter) {
  if (failed_ || peek() != letter || at_ == text_.size()) return false;
  ++at_;
  return true;
}

void JsonReader::expect(char letter) {
  if (!take(letter)) fail(std::string("expected ") + letter);
}

bool JsonReader::enter(char open) {
  expect(open);
  if (!failed_ && ++depth_ > kDeepest) fail("nested too deeply");
  return !failed_;
}

void JsonReader::string(std::string& text) {
  text.clear();
  if (!take('"')) return fail("expected a string");
  for (;;) {
    if (at_ == text_.size()) return fail("expected the end of a string");
    const char letter = text_[at_];
    if (static_cast<unsigned char>(letter) < 0x20) return fail("a control character in a string");
    ++at_;
    if (letter == '"') return;
    if (letter != '\\') {
      text += letter;
    } else {
      escape(text);
      if (failed_) return;
    }
  }
}

void JsonReader::escape(std::string& text) {
  if (at_ == text_.size()) return fail("expected the end of a string");
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const char letter = text_[at_++];
  if (const size_t known = kLetters.find(letter); known != std::string_view::npos) {
    text += kMeanings[known];
    return;
  }
  if (letter != 'u') return fail_at(at_ - 1, "unknown escape in a string");
  const std::optional<uint32_t> unit = four_digits();
  if (!unit) return;
  uint32_t character = *unit;
  if (character >= 0xd800 && character < 0xe000) {
    character = kReplacement;
    if (*unit < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const size_t second = at_;
      at_ += 2;
      const std::optional<uint32_t> low = four_digits();
      if (!low) return;
      if (*low >= 0xdc00 && *low < 0xe000)
        character = 0x10000 + ((*unit - 0xd800) << 10) + (*low - 0xdc00);
      else
        at_ = second;
    }
  }
  append_utf8(text, character);
}

std::optional<uint32_t> JsonReader::four_digits() {
  const std::string_view digits = text_.substr(at_, 4);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, 16);
  const auto read = static_cast<size_t>(end - digits.begin());
  if (error != std::errc() || read != 4) {
    fail_at(at_ + read, "expected four hexadecimal digits");
    return std::nullopt;
  }
  at_ += 4;
  return value;
}

std::string_view JsonReader::number() {
  peek();
  const size_t begin = at_;
  while (at_ < text_.size() &&
         std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos)
    ++at_;
  if (at_ == begin) fail("expected a number");
  return text_.substr(begin, at_ - begin);
}

void JsonReader::skip() {
  const char first = peek();
  if (first == '{') return object([this](std::string_view) { skip(); });
  if (first == '[') return array([this] { skip(); });
  if (first == '"') {
    std::string text;
    return string(text);
  }
  for (const std::string_view word : {"true", "false", "null"}) {
    const std::string_view here = text_.substr(at_, word.size());
    if (here == word) {
      at_ += word.size();
      return;
    }
    if (!here.empty() && word.starts_with(here)) return fail_at(text_.size(), "expected a value");
  }
  const std::string_view digits = number();
  if (!ok()) {
    message_ = "expected a value";
    return;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
  if (end != digits.end()) fail_at(at_ - digits.size(), "not a number");
}

void JsonReader::read(bool& value) {
  peek();
  for (const bool word : {true, false}) {
    const std::string_view spelled = word ? "true" : "false";
    if (text_.substr(at_, spelled.size()) != spelled) continue;
    at_ += spelled.size();
    value = word;
    return;
  }
  fail("expected true or false");
}

void JsonReader::read(std::string& bytes) {
  std::string text;
  string(text);
  if (ok()) bytes = from_utf8(text);
}

void JsonReader::read_hex(uint64_t& value) {
  peek();
  const size_t begin = at_;
  std::string text;
  string(text);
  if (!ok()) return;
  const char* const last = text.data() + text.size();
  const auto [end, error] =
      std::from_chars(text.data() + (text.starts_with("0x") ? 2 : 0), last, value, 16);
  if (error != std::errc() || end != last) fail_at(begin, "expected an address as \"0x1a2b\"");
}

void JsonReader::read_digits(uint64_t& value) {
  peek();
  const size_t begin = at_;
  std::string text;
  string(text);
  if (!ok()) return;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) fail_at(begin, "expected a number as \"123\"");
}

}  // namespace fibersan
