#include "detector/report/render/junit.h"

#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "detector/report/render/doubts.h"
#include "detector/report/render/headline.h"
#include "detector/report/render/primary_frame.h"
#include "detector/report/render/uri.h"
#include "detector/report/render_text.h"

namespace fibersan {
namespace {

struct Counts {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + xml_escaped(value) + "\"";
}

std::string seconds(int64_t milliseconds) {
  char text[32];
  snprintf(text, sizeof text, "%.3f", static_cast<double>(milliseconds) / 1000);
  return text;
}

std::string attributes(const Counts& counts) {
  return attribute("tests", std::to_string(counts.tests)) +
         attribute("failures", std::to_string(counts.failures)) +
         attribute("errors", std::to_string(counts.errors)) +
         attribute("skipped", std::to_string(counts.skipped));
}

std::string plural(uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

class Suite {
 public:
  Suite(const Document& document, uint64_t all_findings, SourceFiles& sources, size_t& room)
      : document_(document), all_findings_(all_findings), sources_(sources), room_(room) {
    class_ = std::filesystem::path(document.process.executable).filename();
    if (class_.empty()) class_ = "unknown program";
  }

  std::string render() {
    for (const Report& report : document_.findings) add(report);
    add_errors();
    for (const Document::Suppression& suppression : document_.suppressions) add(suppression);
    if (counts_.tests == 0) add_case("no findings", "", "");
    const Document::Process& process = document_.process;
    std::string text = "<testsuite" +
                       attribute("name", class_ + " (pid " + std::to_string(process.pid) + ")") +
                       attributes(counts_) + attribute("time", seconds(process.duration_ms));
    if (process.started_ms != 0)
      text += attribute("timestamp", utc_time(process.started_ms).substr(0, 19));  // xs:dateTime
    text += ">\n" + properties() + cases_;
    if (without_text_ != 0) {
      text += "<system-out>" +
              xml_escaped("The texts of " + plural(without_text_, "finding") +
                          " are left out: the file would be too large for many servers. `fibersan "
                          "report --format text` shows them.") +
              "</system-out>\n";
    }
    return text + "</testsuite>\n";
  }

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  void add_case(const std::string& name, const std::string& more, const std::string& content) {
    ++counts_.tests;
    cases_ += "<testcase" + attribute("classname", class_) + attribute("name", name) +
              attribute("time", "0") + more;
    cases_ += content.empty() ? "/>\n" : ">" + content + "</testcase>\n";
  }

  void add(const Report& report) {
    ++counts_.failures;
    std::string name = report.kind;  // X1
    if (!report.summary.function.empty()) name += " in " + short_function(report.summary.function);
    if (!report.fingerprint.empty()) name += " [" + report.fingerprint + "]";
    std::string more;
    const std::string& directory = document_.process.directory;
    const SourceFrame& where = primary_frame(report, directory, sources_);
    if (!where.file.empty()) {
      more = attribute("file", sources_.file(where.file, directory).path);
      if (where.line != 0) more += attribute("line", std::to_string(where.line));
    }
    std::string failure =
        "<failure" + attribute("type", report.kind) + attribute("message", headline(report));
    // The first text that has no room is the last one that is made.
    const std::string text =
        room_ == 0 ? std::string() : xml_escaped(render_text(report, TextStyle{}));
    if (room_ != 0 && text.size() <= room_) {
      room_ -= text.size();
      failure += ">" + text + "</failure>";
    } else {
      room_ = 0;
      ++without_text_;
      failure += "/>";
    }
    add_case(name, more, failure);
  }

  void add_error(const char* name, const std::string& message) {
    ++counts_.errors;
    add_case(name, "", "<error" + attribute("type", name) + attribute("message", message) + "/>");
  }

  // What would let a green result lie.
  void add_errors() {
    for (const Doubt& doubt : doubts_of(document_, all_findings_))
      add_error(doubt.title, doubt.text);
  }

  void add(const Document::Suppression& suppression) {
    if (suppression.matches == 0) return;
    ++counts_.skipped;
    std::string why = plural(suppression.matches, "finding") + " suppressed by ";
    why += suppression.file.empty() ? "the program's own suppressions"
                                    : suppression.file + ":" + std::to_string(suppression.line);
    if (!suppression.reason.empty()) why += ": " + suppression.reason;
    if (!suppression.expires.empty()) why += " (until " + suppression.expires + ")";
    add_case("suppressed " + suppression.type + ":" + suppression.pattern, "",
             "<skipped" + attribute("message", why) + "/>");
  }

  std::string properties() const {
    const Document::Process& process = document_.process;
    const Document::Totals& totals = document_.totals;
    std::string command;
    for (const std::string& argument : process.arguments)
      command += (command.empty() ? "" : " ") + argument;
    const std::vector<std::pair<const char*, std::string>> list = {
        {"fibersan.version", document_.tool_version},
        {"fibersan.precision", document_.precision},
        {"fibersan.options", process.options},
        {"fiber.options", process.runtime_options},
        {"fiber.seed", std::to_string(process.seed)},
        {"fiber.processors", std::to_string(process.processors)},
        {"executable", process.executable},
        {"command", command},
        {"directory", process.directory},
        {"parent.pid", std::to_string(process.parent_pid)},
        {"ended.by", process.ended_by},
        {"findings", std::to_string(totals.findings)},
        {"duplicates", std::to_string(totals.duplicates)},
        {"suppressed", std::to_string(totals.suppressed)},
        {"fibers", std::to_string(totals.fibers)},
        {"accesses.checked", std::to_string(totals.accesses)},
        {"functions.instrumented", std::to_string(totals.instrumented_functions)},
    };
    std::string text = "<properties>\n";
    for (const auto& [name, value] : list)
      text += "<property" + attribute("name", name) + attribute("value", value) + "/>\n";
    return text + "</properties>\n";
  }

  const Document& document_;
  uint64_t all_findings_;  // of all documents
  SourceFiles& sources_;
  size_t& room_;  // for texts of findings, in all suites together
  std::string class_;
  std::string cases_;
  Counts counts_;
  size_t without_text_ = 0;
};

}  // namespace

std::string render_junit(std::span<const Document> documents, const RenderOptions& options,
                         const JunitLimits& limits) {
  SourceFiles sources(options.sources);
  size_t room = limits.bytes;
  std::string suites;
  Counts all;
  int64_t milliseconds = 0;
  const uint64_t all_findings = findings_in(documents);
  for (const Document& document : documents) {
    Suite suite(document, all_findings, sources, room);
    suites += suite.render();
    all.tests += suite.counts().tests;
    all.failures += suite.counts().failures;
    all.errors += suite.counts().errors;
    all.skipped += suite.counts().skipped;
    milliseconds += document.process.duration_ms;
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + attribute("name", "FiberSan") +
         attributes(all) + attribute("time", seconds(milliseconds)) + ">\n" + suites +
         "</testsuites>\n";
}

}  // namespace fibersan
