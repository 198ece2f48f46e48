// precision.h: what the detector had to forget, in words.
//
// Input:    the counters of clock, shadow and hooks. Output: "exact", or the list.
// Threads:  any.
//
// Invariants
//   A1  Whatever may have cost a race is counted in one of these; a stack that is lost
//       costs no race and is said in its report.
#ifndef FIBERSAN_DETECTOR_PROCESS_PRECISION_H
#define FIBERSAN_DETECTOR_PROCESS_PRECISION_H

#include <cstdint>
#include <string>
#include <vector>

namespace fibersan {

inline constexpr const char* kExact = "exact";

struct ForgottenThing {
  uint64_t count = 0;
  const char* one;   // "lane reused"
  const char* many;  // "lanes reused"
};

std::vector<ForgottenThing> collect_forgotten();

// "exact", or "3 lanes reused, 2 foreign threads not checked".
std::string precision_text(const std::vector<ForgottenThing>& things);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_PRECISION_H
