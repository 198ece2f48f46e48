#include "utils/fibersan/filter.h"

#include <algorithm>
#include <string_view>

#include "detector/report/render/kinds.h"
#include "detector/report/sections.h"
#include "utils/fibersan/command.h"

namespace fibersan::command {
namespace {

void require_known_kinds(const Filter& filter, const std::vector<Document>& documents) {
  for (const std::string& wanted : filter.kinds) {
    const bool known = std::ranges::any_of(finding_kinds(), [&](const FindingKind& kind) {
      return kind.id == wanted || kind.text == wanted;
    });
    // A newer version's kind may be in the reports.
    const bool is_there = std::ranges::any_of(documents, [&](const Document& document) {
      return std::ranges::any_of(document.findings,
                                 [&](const Report& report) { return report.kind == wanted; });
    });
    if (known || is_there) continue;
    std::string ids;
    for (const FindingKind& kind : finding_kinds()) ids += (ids.empty() ? "" : ", ") + kind.id;
    throw Unusable("there is no kind '" + wanted + "'; the kinds are: " + ids);
  }
}

bool is_of_kind(const Report& report, const std::string& wanted) {
  return report.kind == wanted || kind_of(report.kind).id == wanted;
}

bool names_file(const std::vector<ReportSection>& sections, const std::string& wanted) {
  return std::ranges::any_of(sections, [&](const ReportSection& section) {
    return section.stack != nullptr &&
           std::ranges::any_of(section.stack->frames, [&](const SourceFrame& frame) {
             return frame.file.find(wanted) != std::string::npos;
           });
  });
}

bool is_about(const std::vector<ReportSection>& sections, const std::string& wanted) {
  return std::ranges::any_of(sections, [&](const ReportSection& section) {
    return section.fiber != nullptr &&
           (section.fiber->name == wanted || (section.fiber->kind == FiberName::Kind::kFiber &&
                                              std::to_string(section.fiber->id) == wanted));
  });
}

template <class Admits>
bool any_admits(const std::vector<std::string>& values, Admits admits) {
  return values.empty() || std::ranges::any_of(values, admits);
}

bool admits(const Filter& filter, const Report& report) {
  const bool of_kind =
      any_admits(filter.kinds, [&](const std::string& kind) { return is_of_kind(report, kind); });
  const bool named = any_admits(filter.fingerprints, [&](const std::string& begin) {
    return report.fingerprint.starts_with(begin);
  });
  if (!of_kind || !named) return false;
  if (filter.files.empty() && filter.fibers.empty()) return true;
  const std::vector<ReportSection> sections = sections_of(report);
  return any_admits(filter.files,
                    [&](const std::string& file) { return names_file(sections, file); }) &&
         any_admits(filter.fibers,
                    [&](const std::string& fiber) { return is_about(sections, fiber); });
}

}  // namespace

void add_filter(CLI::App& app, Filter& filter) {
  app.add_option("--kind", filter.kinds, "Only findings of this kind, such as data-race")
      ->option_text("KIND")
      ->expected(1)
      ->take_all();
  app.add_option("--fingerprint", filter.fingerprints, "Only findings whose fingerprint begins so")
      ->option_text("HEX")
      ->expected(1)
      ->take_all();
  app.add_option("--file", filter.files, "Only findings with this in a source file's name")
      ->option_text("PART")
      ->expected(1)
      ->take_all();
  app.add_option("--fiber", filter.fibers, "Only findings about the fiber of this name or number")
      ->option_text("FIBER")
      ->expected(1)
      ->take_all();
}

void apply(const Filter& filter, std::vector<Document>& documents) {
  require_known_kinds(filter, documents);
  for (Document& document : documents) {
    const size_t before = document.findings.size();
    std::erase_if(document.findings, [&](const Report& report) { return !admits(filter, report); });
    if (document.findings.size() != before) document.totals.findings = document.findings.size();
  }
}

}  // namespace fibersan::command
