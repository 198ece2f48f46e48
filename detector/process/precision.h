// precision.h: what the detector had to forget, in words.
//
// Input:    the counters of clock, shadow and hooks. Output: "exact", or the list.
// Threads:  any.
//
// Invariants
//   A1  Whatever may have cost a race is counted in one of these; a stack that is lost
//       costs no race and is said in its report.
//   A2  Nothing here allocates or takes a lock: it is asked in signal handlers.
#ifndef FIBERSAN_DETECTOR_PROCESS_PRECISION_H
#define FIBERSAN_DETECTOR_PROCESS_PRECISION_H

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "detector/process/fixed_text.h"
#include "detector/report/last_words.h"

namespace fibersan {

struct ForgottenThing {
  uint64_t count = 0;
  const char* one = "";   // "lane reused"
  const char* many = "";  // "lanes reused"
};

// Without memory of its own: the end of the process may come within malloc (A2).
class ForgottenThings {
 public:
  static constexpr size_t kMax = 32;

  ForgottenThings(std::initializer_list<ForgottenThing> things) {
    for (const ForgottenThing& thing : things) {
      if (count_ < kMax) things_[count_++] = thing;
    }
  }
  const ForgottenThing* begin() const { return things_; }
  const ForgottenThing* end() const { return things_ + count_; }

 private:
  size_t count_ = 0;
  ForgottenThing things_[kMax];
};

ForgottenThings collect_forgotten();

// "exact", or "3 lanes reused, 2 foreign threads not checked".
FixedText precision_text(const ForgottenThings& things);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_PRECISION_H
