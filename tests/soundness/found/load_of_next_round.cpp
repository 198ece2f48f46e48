// profile=loop acquires=0 level=O2: LLVM loaded g for the next round behind the last release.
#include "accesses.h"

namespace s0 {
int g;
volatile int rounds = 4;
__attribute__((noinline)) void tell(int k) { __atomic_store_n(&OUT(k), 1, __ATOMIC_RELEASE); }
void prepare() {}
__attribute__((noinline)) void body() {
  const int count = rounds;
  for (int i = 0; i < count; ++i) {
    U(g, ^=, 41);
    RELEASED(0);
    if (i < 9) tell(0);
  }
}
const sound::Target targets[] = {{&g, sizeof g}};
}  // namespace s0

static const sound::Scenario scenarios[] = {
    {"s0", s0::prepare, s0::body, s0::targets, 1, 1, 0, false, false},
};
sound::Table sound_table() { return {scenarios, 1, kIsReference}; }
