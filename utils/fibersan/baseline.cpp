#include "utils/fibersan/baseline.h"

#include <filesystem>
#include <utility>

#include "detector/report/json.h"
#include "detector/report/render/headline.h"
#include "detector/report/utf8.h"
#include "utils/fibersan/command.h"
#include "utils/fibersan/input.h"
#include "utils/fibersan/reports.h"

namespace fibersan::command {
namespace {

using nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr const char* kMark = "fibersan_baseline";

std::string text_of(const ordered_json& entry, const char* name) {
  const auto found = entry.find(name);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}

Baseline from_json(const ordered_json& file, const std::string& path) {
  const auto version = file.find(kMark);
  if (!version->is_number_integer() || version->get<int64_t>() != kVersion)
    throw Unusable("cannot use the baseline '" + path + "': its version is " + version->dump() +
                   ", and this FiberSan knows " + std::to_string(kVersion) +
                   "; use the FiberSan that wrote it, or write it anew with --update-baseline");
  const auto findings = file.find("findings");
  Baseline baseline;
  if (findings != file.end() && findings->is_array()) {
    for (ordered_json entry : *findings) {
      const std::string fingerprint = entry.is_object() ? text_of(entry, "fingerprint") : "";
      if (fingerprint.empty())
        throw Unusable("cannot use the baseline '" + path + "': an entry has no fingerprint: " +
                       entry.dump() + "; correct it, or write it anew with --update-baseline");
      Known known = {text_of(entry, "kind"), text_of(entry, "summary"), nullptr};
      for (const char* name : {"fingerprint", "kind", "summary"}) entry.erase(name);
      known.added = std::move(entry);
      baseline[fingerprint] = std::move(known);
    }
    return baseline;
  }
  throw Unusable("cannot use the baseline '" + path +
                 "': it has no list of findings; write it anew with --update-baseline");
}

}  // namespace

bool is_baseline(const std::string& content) {
  return content.substr(0, 200).find("\"" + std::string(kMark) + "\"") != content.npos;
}

Baseline read_baseline(const std::string& path) {
  std::error_code error;
  const std::string content = std::filesystem::is_regular_file(path, error) ? read_file(path) : "";
  if (is_baseline(content)) {
    const ordered_json file = ordered_json::parse(content, nullptr, /*allow_exceptions=*/false);
    if (file.is_object() && file.contains(kMark)) return from_json(file, path);
    throw Unusable("cannot use the baseline '" + path +
                   "': it is damaged JSON; correct it, or write it anew with --update-baseline");
  }
  const Reports reports = read_reports({path});
  if (!reports.errors.empty()) throw Unusable("as a baseline: " + reports.errors.front());
  for (const ReportFile& report : reports.files) {
    if (!report.not_whole.empty())
      throw Unusable("cannot use '" + path + "' as a baseline: " + report.not_whole +
                     "; its other findings would look new");
  }
  return findings_of(reports.documents());
}

std::string to_text(const Baseline& baseline) {
  std::string text = "{\"" + std::string(kMark) + "\": " + std::to_string(kVersion);
  text += ", \"findings\": [";
  const char* between = "\n";
  for (const auto& [fingerprint, known] : baseline) {
    ordered_json entry = {
        {"fingerprint", fingerprint}, {"kind", known.kind}, {"summary", known.summary}};
    if (known.added.is_object()) entry.update(known.added);
    text += between + entry.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    between = ",\n";
  }
  return text + "\n]}\n";
}

Baseline findings_of(const std::vector<Document>& documents) {
  Baseline baseline;
  for (const Document& document : documents) {
    for (const Report& report : document.findings)
      baseline.try_emplace(report.fingerprint, Known{report.kind, summary_of(report), nullptr});
  }
  return baseline;
}

std::string summary_of(const Report& report) {
  std::string text = report.kind;
  const std::string function = short_function(report.summary.function);
  if (!function.empty()) text += " in " + function;
  if (!report.summary.file.empty()) text += " (" + report.summary.file + ")";
  return to_utf8(text);
}

}  // namespace fibersan::command
