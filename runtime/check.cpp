#include "runtime/check.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace fiber::internal {

void check_failed(const char* file, int line, const char* condition, uint64_t state) {
  std::fprintf(stderr, "fiber: broken invariant %s:%d: %s (state %" PRIu64 ")\n", file, line,
               condition, state);
  std::abort();
}

}  // namespace fiber::internal
