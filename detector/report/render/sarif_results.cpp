// sarif_results.cpp: findings as SARIF's results.
#include <algorithm>
#include <string_view>
#include <utility>

#include "detector/report/render/headline.h"
#include "detector/report/render/primary_frame.h"
#include "detector/report/render/sarif_parts.h"
#include "detector/report/render_text.h"
#include "detector/report/sections.h"
#include "detector/report/utf8.h"

namespace fibersan {
namespace {

using Role = ReportSection::Role;

constexpr size_t kMostProcesses = 100;  // that a result names

// In a message that has links, brackets are theirs.
std::string bracketed(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '[' || letter == ']' || letter == '\\') result += '\\';
    result += letter;
  }
  return result;
}

std::string without_colon(std::string text) {
  if (text.ends_with(':')) text.pop_back();
  if (text.ends_with(" at")) text.resize(text.size() - 3);
  return text;
}

bool has_stack(const ReportSection& section) {
  return section.stack != nullptr && !section.stack->frames.empty();
}

bool is_step(const ReportSection& section) {
  return section.role == Role::kAccess || section.role == Role::kParty ||
         section.role == Role::kLockStep || section.role == Role::kWaiting;
}

const char* step_kind(Role role) {
  switch (role) {
    case Role::kAccess:
      return "memory";
    case Role::kLockStep:
    case Role::kWaiting:
      return "lock";
    default:
      return "call";
  }
}

// The finding in a sentence, with a link to each further place; then why.
std::string message_of(const Report& report, const std::map<const Trace*, size_t>& ids) {
  std::string text = bracketed(capitalised(report.kind.empty() ? "finding" : report.kind));
  const char* joint = ": ";
  for (const HeadlinePart& part : headline_parts(report)) {
    const auto id = ids.find(part.stack);
    const std::string words = bracketed(part.text);
    text += joint;
    text += id == ids.end() ? words : "[" + words + "](" + std::to_string(id->second) + ")";
    joint = "; ";
  }
  text += ".";
  for (const std::string& note : report.notes) text += " " + bracketed(capitalised(note)) + ".";
  return to_utf8(text);
}

// Steps of one fiber, the earliest first.
struct Flow {
  const FiberName* fiber;
  std::vector<std::pair<const ReportSection*, size_t>> steps;  // and its place in time; 0: unknown
};

// The previous access was before the other one, and a lock was held before the next was taken.
std::vector<Flow> flows_of(const std::vector<ReportSection>& sections) {
  std::vector<Flow> flows;
  size_t accesses = 0;
  for (const ReportSection& section : sections) accesses += section.role == Role::kAccess ? 1 : 0;
  size_t order = accesses;
  for (const ReportSection& section : sections) {
    if (!is_step(section) || !has_stack(section) || section.fiber == nullptr) continue;
    const size_t when = section.role == Role::kAccess ? order-- : 0;
    const auto same = [&](const Flow& flow) {
      return flow.fiber->kind == section.fiber->kind && flow.fiber->id == section.fiber->id &&
             section.fiber->kind != FiberName::Kind::kUnknown;
    };
    auto flow = std::ranges::find_if(flows, same);
    if (flow == flows.end()) flow = flows.insert(flows.end(), Flow{section.fiber, {}});
    flow->steps.insert(flow->steps.begin(), {&section, when});
  }
  return flows;
}

}  // namespace

SarifObject sarif_message(std::string_view text) {
  return {{"text", to_utf8(text.empty() ? " " : text)}};
}

SarifObject SarifResults::primary_location(const Report& report, const Document& document,
                                           SarifObject& result) {
  const SourceFrame& frame = primary_frame(report, document.process.directory, sources_);  // R3
  SarifObject location = locations_.location(frame, document, true);
  const SourceFile* file = locations_.file_of(frame, document);
  const std::string hash = file == nullptr ? "" : file->line_hash(frame.line);
  SarifObject& fingerprints = result["partialFingerprints"];
  fingerprints = SarifObject::object();
  if (!hash.empty()) {
    fingerprints["primaryLocationLineHash"] = hash;
  } else {
    ++cuts_.without_line_hash;
    if (file != nullptr && !file->found) cuts_.unread.insert(file->path + " " + file->why_not);
  }
  if (!report.fingerprint.empty()) fingerprints["fibersan/v1"] = report.fingerprint;
  return location;
}

SarifObject SarifResults::thread_flows(const Report& report, const Document& document) {
  const std::vector<ReportSection> sections = sections_of(report);
  size_t room = limits_.thread_flow_locations;
  SarifObject flows = SarifObject::array();
  for (const Flow& flow : flows_of(sections)) {
    SarifObject locations = SarifObject::array();
    for (const auto& [section, when] : flow.steps) {
      const auto& frames = section->stack->frames;
      size_t depth = 0;
      for (size_t i = frames.size(); i-- > 0; ++depth) {  // the outermost first, as it was called
        SarifObject location = locations_.location(frames[i], document);
        if (location.is_null()) continue;
        // The innermost ones matter most, yet come last.
        if (locations.size() >= room || (i >= room && i > 0)) {
          ++cuts_.thread_flow_locations;
          continue;
        }
        const bool is_last = i == 0;
        location["message"] =
            sarif_message(is_last ? without_colon(section->heading)
                                  : "calls " + short_function(frames[i - 1].function));
        SarifObject step = {
            {"location", std::move(location)},
            {"kinds", SarifObject::array({is_last ? step_kind(section->role) : "call"})},
            {"nestingLevel", depth}};
        if (!frames[i].module.empty()) step["module"] = to_utf8(frames[i].module);
        if (is_last && when != 0) step["executionOrder"] = when;
        step["importance"] = is_last ? "essential" : "important";
        locations.push_back(std::move(step));
      }
    }
    if (locations.empty()) continue;
    room -= std::min(room, locations.size());
    flows.push_back({{"id", to_utf8(render_fiber(*flow.fiber))},
                     {"message", sarif_message(render_fiber(*flow.fiber))},
                     {"locations", std::move(locations)}});
  }
  return flows;
}

SarifObject SarifResults::result(const MergedFinding& finding) {
  const Report& report = *finding.report;
  const Document& document = documents_[finding.documents[0]];
  const size_t rule = rules_.index_of(report.kind);
  SarifObject result = {{"ruleId", rules_.at(rule).id},
                        {"ruleIndex", rule},
                        {"level", level_text(rules_.at(rule).level)},
                        {"message", nullptr}};
  SarifObject primary = primary_location(report, document, result);
  result["locations"] = SarifObject::array();
  if (!primary.is_null()) result["locations"].push_back(std::move(primary));

  SarifObject related = SarifObject::array();
  std::map<const Trace*, size_t> ids;
  for (const ReportSection& section : sections_of(report)) {
    if (!has_stack(section)) continue;
    SarifObject location =
        locations_.location(*locations_.best_frame(*section.stack, document), document);
    if (location.is_null()) continue;
    if (related.size() == limits_.related_locations) {
      ++cuts_.related_locations;
      continue;
    }
    const size_t id = related.size() + 1;
    location["id"] = id;
    location["message"] = sarif_message(without_colon(section.heading));
    related.push_back(std::move(location));
    ids.emplace(section.stack, id);
  }
  result["message"] = {{"text", message_of(report, ids)}};
  if (!related.empty()) result["relatedLocations"] = std::move(related);
  if (SarifObject flows = thread_flows(report, document); !flows.empty())
    result["codeFlows"] = SarifObject::array({{{"threadFlows", std::move(flows)}}});
  result["occurrenceCount"] = finding.documents.size();
  result["provenance"] = {{"invocationIndex", finding.documents[0]}};
  SarifObject processes = SarifObject::array();
  for (const size_t number : finding.documents) {
    if (processes.size() < kMostProcesses) processes.push_back(documents_[number].process.pid);
  }
  result["properties"] = {{"processes", std::move(processes)}};
  return result;
}

}  // namespace fibersan
