#include "detector/report/render/merged.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "detector/report/render/kinds.h"

namespace fibersan {
namespace {

std::vector<MergedFinding> worst_first(std::vector<MergedFinding> findings) {
  std::map<std::string_view, Level> levels;
  std::array<std::vector<MergedFinding>, 3> of_level;
  for (MergedFinding& finding : findings) {
    const auto [place, is_new] = levels.try_emplace(finding.report->kind);
    if (is_new) place->second = kind_of(finding.report->kind).level;
    of_level[static_cast<size_t>(place->second)].push_back(std::move(finding));
  }
  findings.clear();
  for (std::vector<MergedFinding>& some : of_level)
    std::ranges::move(some, std::back_inserter(findings));
  return findings;
}

}  // namespace

std::vector<MergedFinding> merged(std::span<const Document> documents) {
  std::vector<MergedFinding> findings;
  std::map<std::pair<std::string_view, std::string_view>, size_t> known;
  for (size_t number = 0; number < documents.size(); ++number) {
    for (const Report& report : documents[number].findings) {
      // What has no fingerprint is only like itself.
      const auto [place, is_new] =
          report.fingerprint.empty()
              ? std::pair{known.end(), true}
              : known.try_emplace({report.kind, report.fingerprint}, findings.size());
      if (is_new) {
        findings.push_back({&report, {number}});
      } else if (std::vector<size_t>& in = findings[place->second].documents; in.back() != number) {
        in.push_back(number);
      }
    }
  }
  return worst_first(std::move(findings));
}

}  // namespace fibersan
