// profile=loop_sync acquires=1 level=O2: a range check before the loop would say of all elements
// what only the first is: written before an acquire. Loops of few turns have no poll.
#include "accesses.h"

namespace s0 {
int q[12];
void prepare() {}
__attribute__((noinline)) void body() {
#pragma nounroll
  for (long i = 0; i < 12; ++i) {
    W(q[i], 1);
    (void)__atomic_load_n(&IN(0), __ATOMIC_ACQUIRE);
    ACQUIRED(0);
  }
}
const sound::Target targets[] = {{&q, sizeof q}};
}  // namespace s0

static const sound::Scenario scenarios[] = {
    {"s0", s0::prepare, s0::body, s0::targets, 1, 0, 1, false, false},
};
sound::Table sound_table() { return {scenarios, 1, kIsReference}; }
