#include "detector/findings/summaries.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <new>

#include "detector/abi/hooks.h"
#include "detector/findings/findings.h"

namespace fibersan {
namespace {

// Made at the first finding and never destroyed: findings come until the very end.
struct Summaries {
  std::deque<std::string> lines;  // the last ones
  uint64_t forgotten = 0;         // before them
};

Summaries& summaries() {
  alignas(Summaries) static char place[sizeof(Summaries)];
  static Summaries* made = nullptr;
  if (made == nullptr) made = new (place) Summaries;
  return *made;
}

}  // namespace

void remember_summary(std::string line) {
  summaries().lines.push_back(std::move(line));
  if (summaries().lines.size() <= kSummaries) return;
  summaries().lines.pop_front();
  ++summaries().forgotten;
}

void forget_summaries() {
  summaries().lines.clear();
  summaries().forgotten = 0;
}

}  // namespace fibersan

extern "C" {

uint64_t __fsan_findings_reported(uint64_t* repeated) {
  *repeated = fibersan::further_occurrences();
  return fibersan::findings_reported();
}

size_t __fsan_finding_summary(uint64_t number, char* text, size_t size) {
  const fibersan::FindingScope scope;
  const fibersan::Summaries& kept = fibersan::summaries();
  if (number < kept.forgotten || number - kept.forgotten >= kept.lines.size()) return 0;
  const std::string& line = kept.lines[number - kept.forgotten];
  if (size == 0) return line.size();
  const size_t copied = std::min(line.size(), size - 1);
  std::memcpy(text, line.data(), copied);
  text[copied] = '\0';
  return line.size();
}
}
