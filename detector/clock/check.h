// check.h: stops the process when the detector's own state is broken.
//
// Output:   one line on standard error with file, line, condition and one number of
//           state, then abort().
// Cost:     one predicted branch.
// Threads:  any; allocates nothing.
// Not here: mistakes of the user's program, which are findings.
#ifndef FIBERSAN_DETECTOR_CLOCK_CHECK_H
#define FIBERSAN_DETECTOR_CLOCK_CHECK_H

#include <cstdint>

namespace fibersan {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::uint64_t state);

}  // namespace fibersan

// `state` is whatever number tells most about what went wrong.
#define FIBERSAN_CHECK(condition, state)                                                           \
  (__builtin_expect(!(condition), 0) ? ::fibersan::check_failed(__FILE__, __LINE__, #condition,    \
                                                                static_cast<std::uint64_t>(state)) \
                                     : void())

#endif  // FIBERSAN_DETECTOR_CLOCK_CHECK_H
