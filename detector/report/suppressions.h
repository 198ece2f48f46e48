// suppressions.h: which findings the user does not want to hear of, as ThreadSanitizer's.
//
// Input:    text with a line type:pattern each, empty lines and # comments left out; Reports.
//           Two comments mean something to the lines that follow, up to an empty one:
//             # expires: 2031-01-31    from the next day on they suppress nothing
//             # reason: ...
// Output:   the first line that matches a report; how often each did.
// Errors:   parse() says which line is wrong, and why; a day that is none, too.
// Threads:  one at a time.
// Not here: reading the file, see detector/findings/suppression_file.h.
//
// A pattern is found anywhere in the name of a function, a file or a module of the stacks that
// matter to the type; * stands for any text, ^ at its begin and $ at its end for those of the
// name.
//
//   race       stacks of both accesses, where the memory was allocated and the fibers were
//              created, the global's name
//   race_top   the innermost frame of either access
//   deadlock   where fibers wait and were created, where locks were taken and created
//   leak       where fibers wait and were created
//   misuse     the stack of the operation
// and for findings of every kind
//   fiber        names of the fibers of the report
//   created      where they were created
//   fingerprint  the finding's
#ifndef FIBERSAN_DETECTOR_REPORT_SUPPRESSIONS_H
#define FIBERSAN_DETECTOR_REPORT_SUPPRESSIONS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detector/report/document.h"
#include "detector/report/report.h"

namespace fibersan {

enum class SuppressionType : uint8_t {
  kRace,
  kRaceTop,
  kDeadlock,
  kLeak,
  kMisuse,
  kFiber,
  kCreated,
  kFingerprint
};

class Suppressions {
 public:
  // Adds the lines of that file; empty: the program's own. What is wrong with the first bad one:
  // "line 3: ...". `today` as 2031-01-31; empty: nothing expires.
  [[nodiscard]] std::optional<std::string> parse(std::string_view text, std::string_view file = {},
                                                 std::string_view today = {});

  // The first line for this report, which counts it; null: none. `type` is kRace for all races.
  const Document::Suppression* match(SuppressionType type, const Report& report);

  [[nodiscard]] const std::vector<Document::Suppression>& all() const { return lines_; }

 private:
  std::vector<Document::Suppression> lines_;
  std::vector<SuppressionType> types_;  // of each line
};

// By the text of its kind.
SuppressionType suppression_type_of(std::string_view kind);

std::string_view type_text(SuppressionType type);

// Does the pattern occur in the name? An empty name has none.
bool suppression_matches(std::string_view pattern, std::string_view name);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_SUPPRESSIONS_H
