// sarif_parts.h: the objects that a SARIF log is made of. Private to sarif*.cpp.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_SARIF_PARTS_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_SARIF_PARTS_H

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "detector/report/document.h"
#include "detector/report/render/kinds.h"
#include "detector/report/render/merged.h"
#include "detector/report/render/sarif.h"
#include "detector/report/render/source_files.h"

namespace fibersan {

using SarifObject = nlohmann::ordered_json;

// What was left out, counted over all results.
struct SarifCuts {
  size_t results = 0;
  size_t related_locations = 0;
  size_t thread_flow_locations = 0;
  size_t without_line_hash = 0;
  std::set<std::string> unread;  // why, for each file
};

// The rules: those of the table, then those that only the documents know.
class SarifRules {
 public:
  explicit SarifRules(const std::vector<MergedFinding>& findings);
  [[nodiscard]] size_t index_of(const std::string& kind) const { return indices_.at(kind); }
  [[nodiscard]] const FindingKind& at(size_t index) const { return kinds_[index]; }
  [[nodiscard]] const std::vector<FindingKind>& all() const { return kinds_; }

 private:
  std::vector<FindingKind> kinds_;
  std::map<std::string, size_t> indices_;
};

SarifObject sarif_tool(std::span<const Document> documents, const SarifRules& rules,
                       const std::string& help_uri);
// `all_findings`: of all documents of the log.
SarifObject sarif_invocation(const Document& document, uint64_t all_findings);
std::vector<SarifObject> sarif_notifications_of(const SarifCuts& cuts);

// Places in source files as SARIF's locations.
class SarifLocations {
 public:
  explicit SarifLocations(SourceFiles& sources) : sources_(sources) {}

  // Null: neither a file nor a module is known.
  SarifObject location(const SourceFrame& frame, const Document& document, bool with_line = false);
  // The first frame in the repository; else the first with a file; else the first; null: no frame.
  const SourceFrame* best_frame(const Trace& trace, const Document& document);
  bool in_root(const SourceFrame& frame, const Document& document);
  const SourceFile* file_of(const SourceFrame& frame, const Document& document);

 private:
  SarifObject region(const SourceFrame& frame, const SourceFile& file, bool with_line);

  SourceFiles& sources_;
};

class SarifResults {
 public:
  SarifResults(std::span<const Document> documents, const SarifRules& rules, SourceFiles& sources,
               const SarifLimits& limits)
      : documents_(documents),
        rules_(rules),
        sources_(sources),
        locations_(sources),
        limits_(limits) {}

  SarifObject result(const MergedFinding& finding);
  [[nodiscard]] SarifCuts& cuts() { return cuts_; }

 private:
  SarifObject primary_location(const Report& report, const Document& document, SarifObject& result);
  SarifObject thread_flows(const Report& report, const Document& document);

  std::span<const Document> documents_;
  const SarifRules& rules_;
  SourceFiles& sources_;
  SarifLocations locations_;
  const SarifLimits& limits_;
  SarifCuts cuts_;
};

SarifObject sarif_message(std::string_view text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_SARIF_PARTS_H
