// last_words.h: what the text of a process ends with, its last line above all.
//
// Input:    totals, and what the options want. Output: added to a text with add(std::string_view)
//           and add(uint64_t).
// Threads:  any. Nothing here allocates: a process may end within malloc.
//
// Invariants
//   E1  The last line is there when there was a finding, when anything was forgotten, when no
//       module is instrumented, when child processes that are asked for had findings or still
//       run, or when the options ask for it; otherwise the end is silent.
//   E2  It begins with "FiberSan: reported N warnings; precision: ...".
#ifndef FIBERSAN_DETECTOR_REPORT_LAST_WORDS_H
#define FIBERSAN_DETECTOR_REPORT_LAST_WORDS_H

#include <cstdint>
#include <span>
#include <string_view>

#include "detector/report/document.h"

namespace fibersan {

inline constexpr const char* kExact = "exact";  // precision when nothing was forgotten

inline constexpr std::string_view kNothingChecked =
    "FiberSan: error: nothing was checked, because no function of this program is instrumented: "
    "say "
    "--config=fibersan.cfg when compiling, not only when linking (if it is meant: "
    "FIBERSAN_OPTIONS=allow_uninstrumented=1)\n";

// Of a run that ended by itself: "pass", "fail", or that it proves nothing.
inline std::string_view verdict_of(const Document::Totals& totals) {
  if (totals.findings != 0 || totals.findings_of_children != 0) return "fail";
  return totals.instrumented_functions == 0 ? "nothing checked (no instrumented function)"
         : totals.children_running != 0     ? "undecided (child processes still run)"
                                            : "pass";
}

inline bool wants_last_line(const Document::Totals& totals, std::string_view precision,
                            const Document::TextShape& shape) {
  return totals.findings != 0 || precision != kExact || shape.summary || totals.nothing_checked ||
         totals.findings_of_children != 0 || totals.children_running != 0;  // E1
}

void add_count(auto& text, uint64_t count, std::string_view one, std::string_view many) {
  text.add(count);
  text.add(" ");
  text.add(count == 1 ? one : many);
}

void add_last_line(auto& text, const Document::Totals& totals, std::string_view precision,
                   const Document::TextShape& shape) {
  text.add("FiberSan: reported ");
  text.add(totals.findings);
  text.add(" warnings; precision: ");
  text.add(precision);
  if (shape.summary) {
    // An access whose like was checked before, with no edge between, is not passed on.
    text.add("; checked: ");
    add_count(text, totals.accesses, "access recorded, ", "accesses recorded, ");
    add_count(text, totals.fibers, "fiber, ", "fibers, ");
    add_count(text, totals.instrumented_functions, "instrumented function",
              "instrumented functions");
    text.add("; verdict: ");
    text.add(verdict_of(totals));
  }
  text.add("\n");
}

void add_suppressions(auto& text, std::span<const Document::Suppression> lines, bool used) {
  uint64_t count = 0;
  for (const Document::Suppression& line : lines) count += (line.matches != 0) == used ? 1 : 0;
  if (count == 0) return;
  text.add(used ? "FiberSan: matched " : "FiberSan: did not need ");
  add_count(text, count, "suppression:\n", "suppressions:\n");
  for (const Document::Suppression& line : lines) {
    if ((line.matches != 0) != used) continue;
    text.add("  ");
    text.add(line.matches);
    text.add(" ");
    text.add(line.type);
    text.add(":");
    text.add(line.pattern);
    if (line.expired) text.add(" (expired)");
    text.add("\n");
  }
}

void add_children(auto& text, const Document::Totals& totals) {
  if (totals.findings_of_children != 0) {
    text.add("FiberSan: child processes, or this one before exec, reported ");
    add_count(text, totals.findings_of_children, "warning", "warnings");
    text.add("\n");
  }
  if (totals.children_running != 0) {
    text.add("FiberSan: ");
    add_count(text, totals.children_running, "child process still runs",
              "child processes still run");
    text.add(": what is found there from now on fails nothing here (children_wait_ms)\n");
  }
}

void add_last_words(auto& text, const Document::Totals& totals, std::string_view precision,
                    const Document::TextShape& shape,
                    std::span<const Document::Suppression> suppressions) {
  if (shape.suppressions) {
    add_suppressions(text, suppressions, true);
    add_suppressions(text, suppressions, false);
  }
  if (!wants_last_line(totals, precision, shape)) return;
  if (totals.nothing_checked) text.add(kNothingChecked);
  add_children(text, totals);
  if ((shape.summary || shape.verbose) && totals.duplicates != 0) {
    text.add("FiberSan: ");
    text.add(totals.duplicates);
    text.add(" further occurrences of reported findings\n");
  }
  add_last_line(text, totals, precision, shape);
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_LAST_WORDS_H
