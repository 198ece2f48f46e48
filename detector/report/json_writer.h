// json_writer.h: a document as JSON, in the pieces in which a process has it.
//
// Input:    a sink with add(std::string_view), and data.
// Output:   write_begin(); write_finding() for each; write_end(): one JSON text in which the begin,
//           each finding and the end are lines of their own.
// Threads:  those of the sink. Nothing here allocates: a process may end within malloc.
// Not here: reading, see json_reader.h. docs/report.schema.json says what it means.
//
// Invariants
//   W1  What is written is UTF-8, whatever the bytes are, and can be turned back (utf8.h).
//   W2  Between two calls the text is whole lines: other output between them damages none.
#ifndef FIBERSAN_DETECTOR_REPORT_JSON_WRITER_H
#define FIBERSAN_DETECTOR_REPORT_JSON_WRITER_H

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "detector/report/document.h"
#include "detector/report/report_fields.h"
#include "detector/report/utf8.h"

namespace fibersan {

template <class Sink>
class JsonWriter {
 public:
  explicit JsonWriter(Sink& sink) : sink_(sink) {}

  // Fields, between open() and close().
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (value != T{}) always(name, value);
  }
  template <class T>
  void always(std::string_view name, const T& value) {
    add_name(name);
    add(value);
  }
  void hex(std::string_view name, uint64_t value) {
    if (value == 0) return;
    char digits[16];
    size_t first = sizeof digits;
    do {
      digits[--first] = "0123456789abcdef"[value & 15];
      value >>= 4;
    } while (value != 0);
    add_name(name);
    sink_.add("\"0x");
    sink_.add(std::string_view(digits + first, sizeof digits - first));
    sink_.add("\"");
  }
  // More bits than the numbers of other languages have.
  void digits(std::string_view name, uint64_t value) {
    add_name(name);
    sink_.add("\"");
    add(value);
    sink_.add("\"");
  }

  void open() {
    sink_.add("{");
    first_ = true;
  }
  void close() {
    sink_.add("}");
    first_ = false;
  }
  void add_name(std::string_view name) {
    sink_.add(first_ ? "\"" : ",\"");
    first_ = false;
    sink_.add(name);
    sink_.add("\":");
  }
  void raw(std::string_view text) { sink_.add(text); }

  void add(bool value) { sink_.add(value ? "true" : "false"); }
  void add(const std::string& text) { add(std::string_view(text)); }
  void add(std::string_view text) {
    sink_.add("\"");
    while (!text.empty()) text.remove_prefix(add_character(text));
    sink_.add("\"");
  }
  template <class T>
    requires std::is_integral_v<T>
  void add(T value) {
    char digits[20];
    size_t first = sizeof digits;
    // Of a negative number the remainder of a division is negative, and may have no positive.
    const bool negative = value < 0;
    do {
      const int digit = static_cast<int>(value % 10);
      digits[--first] = static_cast<char>('0' + (negative ? -digit : digit));
      value /= 10;
    } while (value != 0);
    if (negative) digits[--first] = '-';
    sink_.add(std::string_view(digits + first, sizeof digits - first));
  }
  template <class T>
    requires std::is_enum_v<T>
  void add(T value) {
    add(words_of(value)[static_cast<size_t>(value)]);
  }
  template <class T>
  void add(const std::optional<T>& value) {
    if (value) add(*value);
  }
  template <class T>
  void add(std::span<const T> list) {
    sink_.add("[");
    for (const T& item : list) {
      if (&item != list.data()) sink_.add(",");
      add(item);
    }
    sink_.add("]");
    first_ = false;
  }
  template <class T>
  void add(const std::vector<T>& list) {
    add(std::span<const T>(list));
  }
  template <class T>
    requires requires(JsonWriter& writer, const T& value) { fields(writer, value); }
  void add(const T& value) {
    open();
    fields(*this, value);
    close();
  }

 private:
  // The bytes of the text that it stands for.
  size_t add_character(std::string_view text) {
    const size_t plain = plain_length(text);
    if (plain != 0) {
      sink_.add(text.substr(0, plain));
      return plain;
    }
    const auto byte = static_cast<unsigned char>(text[0]);
    const size_t length = utf8_length(text);
    if (length > 1) {
      sink_.add(text.substr(0, length));
      return length;
    }
    if (length == 0) {
      add_digits("\\\\x", byte);
    } else if (byte == '\\' && text.size() > 1 && text[1] == 'x') {
      add_digits("\\\\x", byte);
    } else if (byte == '"' || byte == '\\') {
      sink_.add("\\");
      sink_.add(text.substr(0, 1));
    } else if (byte == '\n') {
      sink_.add("\\n");
    } else if (byte == '\t') {
      sink_.add("\\t");
    } else {
      add_digits("\\u00", byte);
    }
    return 1;
  }
  void add_digits(std::string_view before, unsigned char byte) {
    sink_.add(before);
    const char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
    sink_.add(std::string_view(digits, 2));
  }
  static size_t plain_length(std::string_view text) {
    size_t length = 0;
    for (const char letter : text) {
      const auto byte = static_cast<unsigned char>(letter);
      if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') break;
      ++length;
    }
    return length;
  }

  Sink& sink_;
  bool first_ = true;  // no field yet in what was opened last
};

// What is known when the process begins.
template <class Sink>
void write_begin(Sink& sink, const std::string& version, const Document::Process& process,
                 const Document::TextShape& text) {
  JsonWriter<Sink> writer(sink);
  writer.open();
  writer.always("schema_version", Document::kSchemaVersion);
  writer.add_name("tool");
  writer.open();
  writer.always("name", std::string_view("FiberSan"));
  writer.always("version", version);
  writer.close();
  writer.add_name("process");
  writer.open();
  writer.always("pid", process.pid);
  writer.always("parent_pid", process.parent_pid);
  writer.always("executable", process.executable);
  writer.always("arguments", process.arguments);
  writer.always("directory", process.directory);
  writer.always("started_ms", process.started_ms);
  writer.always("options", process.options);
  writer.always("runtime_options", process.runtime_options);
  writer.close();
  writer.always("text", text);
  writer.add_name("findings");
  writer.raw("[\n");
}

template <class Sink>
void write_finding(Sink& sink, const Report& report, bool first) {
  if (!first) sink.add(",");
  JsonWriter<Sink>(sink).add(report);
  sink.add("\n");
}

// What is known when it ends.
struct DocumentEnd {
  int64_t pid = 0;  // whose end it is, where several processes write to one stream
  std::string_view by;
  int64_t duration_ms = 0;
  uint64_t seed = 0;
  uint64_t processors = 0;
  Document::Totals totals;
  std::string_view precision;
  std::span<const Document::Message> messages;
  std::span<const Document::Suppression> suppressions;
  bool complete = true;
};

template <class Sink>
void write_end(Sink& sink, const DocumentEnd& end) {
  JsonWriter<Sink> writer(sink);
  writer.raw("]");
  writer.raw(",\"end\":");
  writer.open();
  writer.always("pid", end.pid);
  writer.always("by", end.by);
  writer.always("duration_ms", end.duration_ms);
  writer.digits("seed", end.seed);
  writer.always("processors", end.processors);
  writer.close();
  writer.always("messages", end.messages);
  writer.always("suppressions", end.suppressions);
  writer.always("totals", end.totals);
  writer.always("precision", end.precision);
  writer.always("complete", end.complete);
  writer.close();
  writer.raw("\n");
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_JSON_WRITER_H
