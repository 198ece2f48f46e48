// check.h: FIBERSAN_CHECK, for the runtime's own broken invariants.
//
// Output:   one line with file, line, condition and the state given, then abort().
// Not here: mistakes of the user's program: those are findings or exceptions.
#ifndef FIBERSAN_RUNTIME_CHECK_H
#define FIBERSAN_RUNTIME_CHECK_H

#include <cstdint>

namespace fiber::internal {

[[noreturn]] void check_failed(const char* file, int line, const char* condition, uint64_t state);

}  // namespace fiber::internal

#define FIBERSAN_CHECK(condition, state)                                 \
  (__builtin_expect(!!(condition), 1)                                    \
       ? static_cast<void>(0)                                            \
       : ::fiber::internal::check_failed(__FILE__, __LINE__, #condition, \
                                         static_cast<uint64_t>(state)))

#endif  // FIBERSAN_RUNTIME_CHECK_H
