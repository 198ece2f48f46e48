// profile=kinds acquires=0 level=O2: the optimiser drops the plain reads and leaves the atomic one.
// What the program means must keep both apart: a plain read does not stand for the atomic one.
#include "accesses.h"

namespace s0 {
long d[6];
int g;
void prepare() {}
__attribute__((noinline)) void body() {
  unsigned long s = 0;
  for (int i = 0; i < 6; ++i) W(g, R(d[i]));
  s += AR(d[2], __ATOMIC_ACQUIRE);
  keep(s);
}
const sound::Target targets[] = {{&d, sizeof d}, {&g, sizeof g}};
}  // namespace s0

static const sound::Scenario scenarios[] = {
    {"s0", s0::prepare, s0::body, s0::targets, 2, 0, 0, false, false},
};
sound::Table sound_table() { return {scenarios, 1, kIsReference}; }
