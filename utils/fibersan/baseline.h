// baseline.h: findings that are known, and who owns them.
//
// Input:    a baseline, which `gate --update-baseline` writes, or any report, whose findings are
//           then the known ones.
// Output:   JSON with a line for each finding, ordered by fingerprint, so that versions compare
// well.
//           What people add to an entry (such as "reason") stays when it is written again.
// Errors:   Unusable.
#ifndef FIBERSAN_UTILS_FIBERSAN_BASELINE_H
#define FIBERSAN_UTILS_FIBERSAN_BASELINE_H

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "detector/report/document.h"

namespace fibersan::command {

struct Known {
  std::string kind;
  std::string summary;           // one line
  nlohmann::ordered_json added;  // by people: an object, or null
};

using Baseline = std::map<std::string, Known>;  // by fingerprint

Baseline read_baseline(const std::string& path);
bool is_baseline(const std::string& content);
std::string to_text(const Baseline& baseline);

// Each finding of the documents once.
Baseline findings_of(const std::vector<Document>& documents);

// "data race in function (file)": no line, which an edit elsewhere in the file would change.
std::string summary_of(const Report& report);

}  // namespace fibersan::command

#endif  // FIBERSAN_UTILS_FIBERSAN_BASELINE_H
