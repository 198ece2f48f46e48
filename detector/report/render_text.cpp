#include "detector/report/render_text.h"

#include <cstdio>

#include "detector/report/last_words.h"
#include "detector/report/sections.h"

namespace fibersan {
namespace {

constexpr const char* kRule = "==================\n";

std::string hex(uint64_t number) {
  char text[32];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

const char* color_of(ReportSection::Role role) {
  switch (role) {
    case ReportSection::Role::kHeading:
      return "";
    case ReportSection::Role::kAccess:
    case ReportSection::Role::kParty:
    case ReportSection::Role::kLockStep:
    case ReportSection::Role::kWaiting:
      return "\033[1;34m";
    case ReportSection::Role::kLocation:
      return "\033[1;32m";
    case ReportSection::Role::kCreation:
      return "\033[1;36m";
  }
  return "";
}

class TextRenderer {
 public:
  TextRenderer(const Report& report, TextStyle style) : report_(report), style_(style) {}

  std::string render() {
    text_ = kRule;
    line("\033[1;31m",
         "WARNING: FiberSan: " + report_.kind + " (pid=" + std::to_string(report_.pid) + ")");
    for (const ReportSection& section : sections_of(report_)) {
      line(color_of(section.role), "  " + section.heading);
      if (section.stack != nullptr) add(*section.stack);
      for (const std::string& note : section.notes) text_ += "    [" + note + "]\n";
    }
    for (const std::string& note : report_.notes) text_ += "  [" + note + "]\n";
    if (style_.fingerprint) text_ += "  [fingerprint: " + report_.fingerprint + "]\n";
    text_ += render_summary(report_) + "\n";
    return text_ + kRule;
  }

 private:
  void line(const char* color, const std::string& heading) {
    text_ += style_.color && color[0] != 0 ? color + heading + "\033[0m\n" : heading + "\n";
  }

  void add(const Trace& trace) {
    unsigned number = 0;
    for (const SourceFrame& frame : trace.frames)
      text_ += "    #" + std::to_string(number++) + " " + render_frame(frame) + "\n";
    if (trace.cut) text_ += "    [outer frames cut]\n";
    if (!trace.lost_why.empty()) text_ += "    [" + trace.lost_why + "]\n";
  }

  const Report& report_;
  TextStyle style_;
  std::string text_;
};

struct StringText {
  std::string text;
  void add(std::string_view more) { text += more; }
  void add(uint64_t number) { text += std::to_string(number); }
};

}  // namespace

std::string render_summary(const Report& report) {
  std::string text = "SUMMARY: FiberSan: " + report.kind;
  const SourceFrame& where = report.summary;
  if (!where.file.empty() || !where.module.empty()) text += " " + render_place(where);
  if (!where.function.empty()) text += " in " + where.function;
  return text;
}

std::string render_frame(const SourceFrame& frame) {
  std::string text = frame.function;
  if (!frame.file.empty()) text += (text.empty() ? "" : " ") + render_place(frame);
  return text + (text.empty() ? "" : " ") + render_module(frame);
}

std::string render_module(const SourceFrame& frame) {
  return "(" + (frame.module.empty() ? "?" : frame.module) + "+" + hex(frame.module_offset) + ")";
}

std::string render_place(const SourceFrame& frame) {
  if (frame.file.empty()) return render_module(frame);
  std::string text = frame.file;
  if (frame.line != 0) text += ":" + std::to_string(frame.line);
  if (frame.line != 0 && frame.column != 0) text += ":" + std::to_string(frame.column);
  return text;
}

std::string render_duration(uint64_t milliseconds) {
  if (milliseconds < 1000) return std::to_string(milliseconds) + " ms";
  const uint64_t seconds = milliseconds / 1000;
  if (seconds >= 60)
    return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds) + "." + std::to_string(milliseconds % 1000 / 100) + " s";
}

std::string render_fiber(const FiberName& fiber) {
  if (fiber.kind == FiberName::Kind::kMainThread) return "main thread";
  if (fiber.kind == FiberName::Kind::kUnknown) return "a fiber no longer known";
  const char* what = fiber.kind == FiberName::Kind::kThread ? "thread " : "fiber ";
  return what + std::to_string(fiber.id) + in_quotes(fiber.name);
}

std::string render_text(const Document& document, bool color) {
  StringText text;
  auto message = document.messages.begin();
  const auto add_messages = [&](uint64_t before_finding) {
    for (; message != document.messages.end() && message->before_finding <= before_finding;
         ++message) {
      text.add(message->text);
      text.add("\n");
    }
  };
  uint64_t number = 0;
  for (const Report& report : document.findings) {
    add_messages(number++);
    text.add(render_text(report, {.color = color, .fingerprint = document.text.verbose}));
  }
  add_messages(number);
  // A process that was killed has said nothing more.
  if (document.complete)
    add_last_words(text, document.totals, document.precision, document.text, document.suppressions);
  return std::move(text.text);
}

std::string render_text(const Report& report, TextStyle style) {
  return TextRenderer(report, style).render();
}

}  // namespace fibersan
