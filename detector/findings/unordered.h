// unordered.h: one line on why two accesses are unordered.
//
// Input:    both fibers and the epoch of the earlier access.
// Output:   what the one released last and what the other acquired last, with their places.
// Threads:  the holder of the FindingScope, beside running fibers.
#ifndef FIBERSAN_DETECTOR_FINDINGS_UNORDERED_H
#define FIBERSAN_DETECTOR_FINDINGS_UNORDERED_H

#include <cstdint>
#include <string>

#include "detector/findings/findings.h"

namespace fibersan {

// `previous` made its access in `epoch` of its lane; `current` is the running fiber.
std::string why_unordered(FindingScope& scope, uint64_t previous, uint32_t epoch,
                          const fsan_fiber& current);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_UNORDERED_H
