#include "detector/report/render/sarif.h"

#include "detector/report/render/doubts.h"
#include "detector/report/render/sarif_parts.h"
#include "detector/report/render/uri.h"

namespace fibersan {
namespace {

constexpr const char* kSchema = "https://json.schemastore.org/sarif-2.1.0.json";

std::string text_of(const SarifObject& object) {
  return object.dump(-1, ' ', false, SarifObject::error_handler_t::replace);
}

}  // namespace

// One result is made at a time, since a log of them as objects is ten times its text.
std::string render_sarif(std::span<const Document> documents, const RenderOptions& options,
                         const SarifLimits& limits) {
  const std::vector<MergedFinding> findings = merged(documents);
  const SarifRules rules(findings);
  SourceFiles sources(options.sources);
  SarifResults results(documents, rules, sources, limits);

  std::string text = "{\n\"$schema\":\"" + std::string(kSchema) +
                     "\",\n\"version\":\"2.1.0\",\n\"runs\":[{\n\"tool\":" +
                     text_of(sarif_tool(documents, rules, options.help_uri)) + ",\n";
  if (!sources.root().empty()) {
    const SarifObject roots = {{"%SRCROOT%", {{"uri", file_uri(sources.root() + "/")}}}};
    text += "\"originalUriBaseIds\":" + text_of(roots) + ",\n";
  }
  text += "\"columnKind\":\"utf16CodeUnits\",\n\"results\":[";
  size_t written = 0;
  for (const MergedFinding& finding : findings) {
    if (written == limits.results || text.size() > limits.bytes) break;  // R1
    text += written++ == 0 ? "\n" : ",\n";
    text += text_of(results.result(finding));
  }
  results.cuts().results = findings.size() - written;
  text += "\n],\n\"invocations\":[";
  const uint64_t all_findings = findings_in(documents);
  for (size_t i = 0; i < documents.size(); ++i) {
    SarifObject invocation = sarif_invocation(documents[i], all_findings);
    if (i == 0) {
      for (SarifObject& notification : sarif_notifications_of(results.cuts()))
        invocation["toolExecutionNotifications"].push_back(std::move(notification));
    }
    text += (i == 0 ? "\n" : ",\n") + text_of(invocation);
  }
  return text + "\n]}]}\n";
}

}  // namespace fibersan
