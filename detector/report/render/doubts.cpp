#include "detector/report/render/doubts.h"

namespace fibersan {

uint64_t findings_in(std::span<const Document> documents) {
  uint64_t count = 0;
  for (const Document& document : documents)
    count += document.totals.findings + (document.totals.nothing_checked ? 1 : 0);
  return count;
}

bool misses_findings_of_children(const Document& document, uint64_t all_findings) {
  return document.totals.findings_of_children > all_findings - document.totals.findings;
}

std::vector<Doubt> doubts_of(const Document& document, uint64_t all_findings) {
  const Document::Totals& totals = document.totals;
  std::vector<Doubt> doubts;
  if (!document.complete) {
    doubts.push_back({"incomplete", "incomplete report",
                      "The process was killed, or its report was cut: findings may be missing."});
  }
  if (totals.instrumented_functions == 0) {
    doubts.push_back({"not-instrumented", "nothing instrumented",
                      "No instrumented function is known in this process: nothing was checked. "
                      "Compile it with --config=fibersan.cfg."});
  }
  if (totals.children_running != 0) {
    doubts.push_back({"children-running", "child processes ran on",
                      "When the process ended, children of it still ran: what they found then is "
                      "not told here. Set children_wait_ms."});
  }
  if (misses_findings_of_children(document, all_findings)) {
    doubts.push_back({"findings-of-children", "reports of child processes missing",
                      "Child processes had findings that are not shown here: name their reports, "
                      "too."});
  }
  return doubts;
}

}  // namespace fibersan
