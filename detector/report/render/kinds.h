// kinds.h: what formats for machines say of a finding's kind beyond its text.
//
// Input:    the text of a kind, as reports have it.
// Output:   a name that never changes, a level, tags: the table of detector/abi, and what is told
//           here of each row.
// Threads:  any; pure functions.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_KINDS_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_KINDS_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fibersan {

enum class Level : uint8_t { kError, kWarning, kNote };  // the worst first

const char* level_text(Level level);  // error, warning, note: SARIF's words

struct FindingKind {
  std::string id;    // data-race
  std::string name;  // DataRace
  std::string text;  // data race
  std::string help;
  Level level = Level::kError;
  std::vector<std::string> tags;
  unsigned weakness = 0;  // its number in the Common Weakness Enumeration
};

std::span<const FindingKind> finding_kinds();

// Of a kind that is not in the table, such as a newer version's: made from its text.
FindingKind kind_of(std::string_view text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_KINDS_H
