// profile=loop_sync acquires=3 level=O2: LLVM loaded g before loops that read it on some ways only.
#include "accesses.h"

namespace s0 {
int q[12];
int g;
volatile int numbers[] = {1, 4};
void prepare() {}
__attribute__((noinline)) void body() {
  const int first = numbers[0];
  const int end = numbers[1];
  for (int i = 0; i < 4; ++i) {
    if (i == 2) {
    } else {
      for (unsigned j = first + 1; j < (unsigned)end; ++j) {
        if (R(q[j]) > 40) U(g, +=, R(q[j]));
      }
    }
  }
}
const sound::Target targets[] = {{&q, sizeof q}, {&g, sizeof g}};
}  // namespace s0

static const sound::Scenario scenarios[] = {
    {"s0", s0::prepare, s0::body, s0::targets, 2, 0, 3, false, false},
};
sound::Table sound_table() { return {scenarios, 1, kIsReference}; }
