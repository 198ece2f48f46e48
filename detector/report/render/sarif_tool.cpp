// sarif_tool.cpp: the rules and the processes of a SARIF log.
#include <algorithm>
#include <utility>

#include "detector/report/render/doubts.h"
#include "detector/report/render/headline.h"
#include "detector/report/render/sarif_parts.h"
#include "detector/report/render/uri.h"
#include "detector/report/utf8.h"

namespace fibersan {
namespace {

constexpr size_t kMostUnread = 10;  // files that are named

const char* severity_of(Level level) {
  return level == Level::kNote ? "recommendation" : level_text(level);
}

std::string help_uri_of(const FindingKind& kind, const std::string& base) {
  if (!base.empty()) return base + "#" + kind.id;
  if (kind.weakness == 0) return "";
  return "https://cwe.mitre.org/data/definitions/" + std::to_string(kind.weakness) + ".html";
}

SarifObject rule_of(const FindingKind& kind, const std::string& help_uri) {
  SarifObject rule = {
      {"id", kind.id},
      {"name", kind.name},
      {"shortDescription", sarif_message(capitalised(kind.text))},
      {"fullDescription", sarif_message(kind.help)},
      {"help",
       {{"text", to_utf8(kind.help)},
        {"markdown", to_utf8("**" + capitalised(kind.text) + "**\n\n" + kind.help)}}},
      {"defaultConfiguration", {{"level", level_text(kind.level)}}},
      {"properties",
       {{"tags", kind.tags},
        {"precision", kind.level == Level::kError ? "very-high" : "high"},
        {"problem.severity", severity_of(kind.level)}}}};
  if (const std::string uri = help_uri_of(kind, help_uri); !uri.empty()) rule["helpUri"] = uri;
  return rule;
}

SarifObject notification(const char* id, const char* level, const std::string& text) {
  return {{"descriptor", {{"id", id}}}, {"level", level}, {"message", sarif_message(text)}};
}

SarifObject notifications_of(const Document& document, uint64_t all_findings) {
  SarifObject list = SarifObject::array();
  for (const Doubt& doubt : doubts_of(document, all_findings))
    list.push_back(notification(doubt.id, "error", doubt.text));
  if (!document.precision.empty() && document.precision != "exact")
    list.push_back(notification("precision", "warning", "Precision: " + document.precision));
  for (const Document::Message& message : document.messages)
    list.push_back(notification("message", "note", message.text));
  return list;
}

}  // namespace

SarifRules::SarifRules(const std::vector<MergedFinding>& findings) {
  const auto add = [&](const FindingKind& kind) {
    if (indices_.emplace(kind.text, kinds_.size()).second) kinds_.push_back(kind);
  };
  for (const FindingKind& kind : finding_kinds()) add(kind);
  for (const MergedFinding& finding : findings) {
    if (indices_.contains(finding.report->kind)) continue;
    FindingKind kind = kind_of(finding.report->kind);
    kind.text = finding.report->kind;
    add(kind);
  }
}

SarifObject sarif_tool(std::span<const Document> documents, const SarifRules& rules,
                       const std::string& help_uri) {
  SarifObject driver = {{"name", "FiberSan"}};
  if (!documents.empty() && !documents[0].tool_version.empty())
    driver["version"] = to_utf8(documents[0].tool_version);
  SarifObject& list = driver["rules"] = SarifObject::array();
  for (const FindingKind& kind : rules.all()) list.push_back(rule_of(kind, help_uri));
  return {{"driver", std::move(driver)}};
}

SarifObject sarif_invocation(const Document& document, uint64_t all_findings) {
  const Document::Process& process = document.process;
  SarifObject invocation = {{"executionSuccessful", document.complete}};
  if (!process.arguments.empty()) {
    std::string line;
    SarifObject arguments = SarifObject::array();
    for (const std::string& argument : process.arguments) {
      line += (line.empty() ? "" : " ") + argument;
      if (&argument != &process.arguments[0]) arguments.push_back(to_utf8(argument));
    }
    invocation["commandLine"] = to_utf8(line);
    invocation["arguments"] = std::move(arguments);
  }
  if (process.started_ms != 0) {
    invocation["startTimeUtc"] = utc_time(process.started_ms);
    invocation["endTimeUtc"] = utc_time(process.started_ms + process.duration_ms);
  }
  if (process.ended_by.starts_with("SIG")) {
    invocation["exitSignalName"] = to_utf8(process.ended_by);
  } else if (!process.ended_by.empty()) {
    invocation["exitCodeDescription"] = to_utf8(process.ended_by);
  }
  if (process.pid > 0) invocation["processId"] = process.pid;
  if (process.executable.starts_with('/'))
    invocation["executableLocation"] = {{"uri", file_uri(process.executable)}};
  if (process.directory.starts_with('/'))
    invocation["workingDirectory"] = {
        {"uri",
         file_uri(process.directory.ends_with('/') ? process.directory : process.directory + "/")}};
  invocation["environmentVariables"] = {{"FIBERSAN_OPTIONS", to_utf8(process.options)},
                                        {"FIBER_OPTIONS", to_utf8(process.runtime_options)}};
  invocation["toolExecutionNotifications"] = notifications_of(document, all_findings);
  const Document::Totals& totals = document.totals;
  invocation["properties"] = {
      {"seed", std::to_string(process.seed)},  // more digits than doubles have
      {"processors", process.processors},
      {"precision", to_utf8(document.precision)},
      {"findings", totals.findings},
      {"duplicates", totals.duplicates},
      {"suppressed", totals.suppressed},
      {"fibers", totals.fibers},
      {"accesses", totals.accesses},
      {"instrumentedFunctions", totals.instrumented_functions}};
  return invocation;
}

std::vector<SarifObject> sarif_notifications_of(const SarifCuts& cuts) {
  std::vector<SarifObject> list;
  const auto add = [&](size_t count, const char* id, const char* level, const std::string& what) {
    if (count != 0) list.push_back(notification(id, level, std::to_string(count) + " " + what));
  };
  add(cuts.results, "results-cut", "warning",
      "results are left out: code scanning takes no more in one log. The text and JSON reports "
      "have them.");
  add(cuts.related_locations, "locations-cut", "note", "related locations are left out.");
  add(cuts.thread_flow_locations, "flows-cut", "note", "frames of thread flows are left out.");
  add(cuts.without_line_hash, "no-line-hash", "note",
      "results have no primaryLocationLineHash, because their source line could not be read here: "
      "GitHub's upload action computes it in the checkout.");
  size_t named = 0;
  for (const std::string& file : cuts.unread) {
    if (++named > kMostUnread) break;
    list.push_back(notification("source-not-read", "note", file));
  }
  if (cuts.unread.size() > kMostUnread) {
    add(cuts.unread.size() - kMostUnread, "source-not-read", "note",
        "more source files could not be read.");
  }
  return list;
}

}  // namespace fibersan
