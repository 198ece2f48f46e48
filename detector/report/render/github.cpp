#include "detector/report/render/github.h"

#include <array>
#include <string_view>

#include "detector/report/render/doubts.h"
#include "detector/report/render/headline.h"
#include "detector/report/render/kinds.h"
#include "detector/report/render/merged.h"
#include "detector/report/render/primary_frame.h"
#include "detector/report/render_text.h"
#include "detector/report/sections.h"
#include "detector/report/utf8.h"

namespace fibersan {
namespace {

enum class In : uint8_t { kProperty, kMessage };

// A line break would end the command, and what follows it could be another one.
std::string escaped(std::string_view bytes, In where) {
  std::string result;
  for (const char letter : to_utf8(bytes)) {
    switch (letter) {
      case '%':
        result += "%25";
        break;
      case '\r':
        result += "%0D";
        break;
      case '\n':
        result += "%0A";
        break;
      case ':':
        result += where == In::kProperty ? "%3A" : ":";
        break;
      case ',':
        result += where == In::kProperty ? "%2C" : ",";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

constexpr std::array<const char*, 3> kCommands = {"error", "warning", "notice"};  // of each Level

class Annotations {
 public:
  Annotations(std::span<const Document> documents, const RenderOptions& options,
              const GithubLimits& limits)
      : documents_(documents),
        all_findings_(findings_in(documents)),
        sources_(options.sources),
        limits_(limits) {}

  std::string render() {
    for (const Document& document : documents_) add_errors(document);
    for (const MergedFinding& finding : merged(documents_)) add(finding);
    if (left_out_ != 0) {
      text_ += "FiberSan: " + std::to_string(left_out_) +
               (left_out_ == 1 ? " more finding has" : " more findings have") +
               " no annotation: GitHub shows " + std::to_string(limits_.of_level) +
               " errors, warnings and notices of a step each.\n";
    }
    return std::move(text_);
  }

 private:
  bool has_room(Level level) {
    size_t& used = used_[static_cast<size_t>(level)];
    if (used == limits_.of_level) return false;
    ++used;
    return true;
  }

  void add_command(Level level, const std::string& place, const std::string& title,
                   const std::string& message) {
    text_ += std::string("::") + kCommands[static_cast<size_t>(level)] + " " + place +
             (place.empty() ? "" : ",") + "title=" + escaped(title, In::kProperty) +
             "::" + escaped(message, In::kMessage) + "\n";
  }

  void add_errors(const Document& document) {
    const std::string who =
        document.process.executable + " (pid " + std::to_string(document.process.pid) + ")";
    for (const Doubt& doubt : doubts_of(document, all_findings_)) {
      if (!has_room(Level::kError)) return;
      add_command(Level::kError, "", std::string("FiberSan: ") + doubt.title,
                  who + ": " + doubt.text);
    }
  }

  void add(const MergedFinding& finding) {
    const Report& report = *finding.report;
    const FindingKind kind = kind_of(report.kind);
    if (!has_room(kind.level)) {
      ++left_out_;
      return;
    }
    std::string message = headline(report);
    for (const ReportSection& section : sections_of(report)) {
      if (section.stack == nullptr || section.stack->frames.empty()) continue;
      message += "\n" + section.heading;
      for (const SourceFrame& frame : section.stack->frames)
        message += "\n    " + render_frame(frame);
    }
    for (const std::string& note : report.notes) message += "\n[" + note + "]";
    add_command(kind.level, place_of(report, documents_[finding.documents[0]]),
                "FiberSan: " + report.kind, message);
  }

  std::string place_of(const Report& report, const Document& document) {
    const std::string& directory = document.process.directory;
    const SourceFrame& where = primary_frame(report, directory, sources_);
    if (where.file.empty()) return "";
    std::string text = "file=" + escaped(sources_.file(where.file, directory).path, In::kProperty);
    if (where.line != 0) text += ",line=" + std::to_string(where.line);
    if (where.line != 0 && where.column != 0) text += ",col=" + std::to_string(where.column);
    return text;
  }

  std::span<const Document> documents_;
  uint64_t all_findings_;
  SourceFiles sources_;
  const GithubLimits& limits_;
  std::array<size_t, kCommands.size()> used_{};
  size_t left_out_ = 0;
  std::string text_;
};

}  // namespace

std::string render_github(std::span<const Document> documents, const RenderOptions& options,
                          const GithubLimits& limits) {
  return Annotations(documents, options, limits).render();
}

}  // namespace fibersan
