// json_reader.h: the grammar of JSON (RFC 8259), read straight into data.
//
// Input:    a text, and for each object what to do with its fields.
// Errors:   the first one stays: what was expected, at which byte, in which field. After it
//           nothing is read any more.
// Cost:     no tree is made: memory is what the data takes.
// Not here: what fields mean, see report_fields.h and json.cpp.
#ifndef FIBERSAN_DETECTOR_REPORT_JSON_READER_H
#define FIBERSAN_DETECTOR_REPORT_JSON_READER_H

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "detector/report/report_fields.h"

namespace fibersan {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool ok() const { return !failed_; }
  bool truncated() const { return truncated_; }
  size_t position() const { return at_; }
  std::string error() const;
  void fail(std::string what);

  // Next after white space; 0 at the end.
  char peek();
  bool take(char letter);
  void expect(char letter);

  // field(name) has to read the value.
  template <class Field>
  void object(Field field) {
    if (!enter('{')) return;
    std::string name;
    bool first = true;
    while (ok() && !take('}')) {
      if (!first) expect(',');
      first = false;
      string(name);
      expect(':');
      if (!ok()) break;
      field(std::string_view(name));
      if (!ok()) within("." + name);
    }
    --depth_;
  }
  // item() has to read it.
  template <class Item>
  void array(Item item) {
    if (!enter('[')) return;
    for (size_t number = 0; ok() && !take(']'); ++number) {
      if (number != 0) expect(',');
      if (!ok()) break;
      item();
      if (!ok()) within("[" + std::to_string(number) + "]");
    }
    --depth_;
  }
  void string(std::string& text);
  void skip();

  void read(bool& value);
  void read(std::string& bytes);
  void read_hex(uint64_t& value);
  void read_digits(uint64_t& value);
  template <class T>
    requires std::is_integral_v<T>
  void read(T& value) {
    const std::string_view digits = number();
    if (!ok()) return;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
    if (error != std::errc() || end != digits.end())
      fail_at(static_cast<size_t>(digits.data() - text_.data()),
              "expected a whole number that fits, not " + std::string(digits));
  }
  template <class T>
    requires std::is_enum_v<T>
  void read(T& value) {
    const auto words = words_of(T{});
    const size_t begin = at_;
    std::string word;
    string(word);
    for (size_t i = 0; ok() && i < words.size(); ++i) {
      if (words[i] != word) continue;
      value = static_cast<T>(i);
      return;
    }
    std::string known;
    for (const std::string_view one : words)
      known += (known.empty() ? "" : ", ") + std::string(one);
    if (ok()) fail_at(begin, "'" + word + "' is none of: " + known);
  }
  template <class T>
  void read(std::optional<T>& value) {
    value.emplace();
    read(*value);
  }
  template <class T>
  void read(std::vector<T>& list) {
    list.clear();
    array([&] {
      T item{};
      read(item);
      if (ok()) list.push_back(std::move(item));
    });
  }
  template <class T>
    requires std::is_class_v<T> && requires(JsonReader& reader, T& value) { fields(reader, value); }
  void read(T& value) {
    object([&](std::string_view name) { read_field(name, value); });
  }
  // Skips a field that is none of its.
  template <class T>
  void read_field(std::string_view name, T& value) {
    wanted_ = name;
    found_ = false;
    fields(*this, value);
    if (!found_) skip();
  }

  // As a visitor of fields: reads the one that is wanted.
  template <class T>
  void operator()(std::string_view name, T& value) {
    if (wants(name)) read(value);
  }
  template <class T>
  void always(std::string_view name, T& value) {
    if (wants(name)) read(value);
  }
  void hex(std::string_view name, uint64_t& value) {
    if (wants(name)) read_hex(value);
  }

 private:
  static constexpr unsigned kDeepest = 100;

  bool wants(std::string_view name) {
    if (found_ || name != wanted_) return false;
    // What is inside wants other names.
    wanted_ = {};
    found_ = true;
    return true;
  }
  bool enter(char open);
  void fail_at(size_t place, std::string what);
  void within(const std::string& part) { path_ = part + path_; }
  std::string_view number();
  void escape(std::string& text);
  std::optional<uint32_t> four_digits();

  std::string_view text_;
  std::string_view wanted_;
  bool found_ = false;
  size_t at_ = 0;
  unsigned depth_ = 0;
  bool failed_ = false;
  bool truncated_ = false;
  size_t failed_at_ = 0;
  std::string message_;
  std::string path_;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_JSON_READER_H
