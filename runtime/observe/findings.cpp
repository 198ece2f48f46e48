// The questions of findings.h, handed on to the detector.
#include "fiber/findings.h"

#include <cstdlib>

#include <algorithm>

#include "detector/abi/hooks.h"
#include "fiber/debug.h"

namespace fiber {

bool findings_are_gated() { return std::getenv("FIBERSAN_GATE") != nullptr; }

Findings findings() {
  Findings now;
  now.reported = __fsan_findings_reported(&now.repeated);
  return now;
}

std::string finding_summary(std::uint64_t number) {
  std::string line(__fsan_finding_summary(number, nullptr, 0), '\0');
  if (!line.empty()) __fsan_finding_summary(number, line.data(), line.size() + 1);
  return line;
}

FindingsScope::FindingsScope() : seen_(findings()) {}

std::string FindingsScope::check() {
  if (stats().fibers_waiting != 0) deadlock::check();
  const Findings before = seen_;
  seen_ = findings();
  std::string text;
  std::uint64_t unknown = 0;
  for (std::uint64_t number = before.reported; number < seen_.reported; ++number) {
    const std::string line = finding_summary(number);
    if (line.empty()) {
      ++unknown;
    } else {
      text += line + "\n";
    }
  }
  if (unknown != 0) text += "and " + std::to_string(unknown) + " findings before these\n";
  if (text.empty() && seen_.repeated != before.repeated)
    text += "FiberSan: findings reported earlier have occurred again, " +
            std::to_string(seen_.repeated - before.repeated) + " times\n";
  return text;
}

}  // namespace fiber
