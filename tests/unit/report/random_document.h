// random_document.h: documents in which every field is set, for tests of formats.
//
// Output:   the same for the same seed. Texts have quotes, control characters, what looks like our
//           own escapes, and bytes that are no UTF-8.
#ifndef FIBERSAN_TESTS_UNIT_REPORT_RANDOM_DOCUMENT_H
#define FIBERSAN_TESTS_UNIT_REPORT_RANDOM_DOCUMENT_H

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "detector/report/report_fields.h"

namespace fibersan {

class RandomFields {
 public:
  explicit RandomFields(uint64_t seed) : random_(seed) {}

  uint64_t visited() const { return visited_; }

  template <class T>
  void operator()(std::string_view, T& value) {
    ++visited_;
    fill(value);
  }
  template <class T>
  void always(std::string_view, T& value) {
    ++visited_;
    fill(value);
  }
  void hex(std::string_view, uint64_t& value) {
    ++visited_;
    value = random_();
  }

  void fill(bool& value) { value = random_() % 2 == 0; }
  void fill(std::string& text) {
    static const std::string kPieces[] = {
        "a",  "\"",   "\\",       "\\x41",   "\\\\x",    "\n",           "\t", "\x7f",     "é",
        "😀", "\xff", "\xe2\x82", {"\0", 1}, "\xc0\x80", "\xed\xa0\x80", "x9", "</script>"};
    text = std::string(1, static_cast<char>('a' + random_() % 26));
    for (uint64_t i = random_() % 6; i > 0; --i) text += kPieces[random_() % std::size(kPieces)];
  }
  template <class T>
    requires std::is_integral_v<T>
  void fill(T& value) {
    value = static_cast<T>(random_() >> random_() % 64);
  }
  template <class T>
    requires std::is_enum_v<T>
  void fill(T& value) {
    value = static_cast<T>(random_() % words_of(T{}).size());
  }
  template <class T>
  void fill(std::optional<T>& value) {
    if (random_() % 3 != 0) fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& list) {
    list.resize(random_() % 3);
    for (T& item : list) fill(item);
  }
  template <class T>
    requires requires(RandomFields& visit, T& value) { fields(visit, value); }
  void fill(T& value) {
    fields(*this, value);
  }

 private:
  std::mt19937_64 random_;
  uint64_t visited_ = 0;
};

inline Document random_document(uint64_t seed) {
  RandomFields random(seed);
  Document document;
  Document::Process& process = document.process;
  random.fill(document.tool_version);
  random.fill(process.executable);
  random.fill(process.arguments);
  random.fill(process.directory);
  random.fill(process.options);
  random.fill(process.runtime_options);
  random.fill(process.ended_by);
  for (int64_t* number :
       {&process.pid, &process.parent_pid, &process.started_ms, &process.duration_ms})
    random.fill(*number);
  random.fill(process.seed);
  random.fill(process.processors);
  random.fill(document.totals);
  random.fill(document.precision);
  random.fill(document.complete);
  random.fill(document.text);
  random.fill(document.findings);
  random.fill(document.messages);
  random.fill(document.suppressions);
  for (Report& report : document.findings) {
    char digits[17];
    snprintf(digits, sizeof digits, "%016llx",
             static_cast<unsigned long long>(seed * 1000 + report.at_ms));
    report.fingerprint = digits;
    report.pid = process.pid;
  }
  for (Document::Suppression& line : document.suppressions) line.expires = "2031-01-31";
  return document;
}

}  // namespace fibersan

#endif  // FIBERSAN_TESTS_UNIT_REPORT_RANDOM_DOCUMENT_H
