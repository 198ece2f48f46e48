// profile=branch acquires=1 level=O3: LLVM loaded what was not chosen: of two variables, of a
// local one and another, of elements under a mask, of an argument, of a string behind a difference.
#include "accesses.h"

namespace s0 {
int g, h, m;
int values[48];
char text[8];
volatile int numbers[] = {0, 1};
void prepare() {}
__attribute__((noinline)) static int argument(const int* p, int is_read) {
  if (is_read) return R(*p);
  return 3;
}
__attribute__((noinline)) void body() {
  unsigned long s = 0;
  const int zero = numbers[0];
  s += R(*(zero ? &g : &h));
  int mine = zero;
  s += *(zero ? (LOG(log_read(&g, sizeof g)), &g) : &mine) + 1;
  static int masks[48];
  for (int i = 0; i < 48; ++i)
    if (masks[i] > 3) s += R(values[i]);
  s += argument(&g, zero) + argument(&m, zero);
  LOG(log_read(text, 1));
  s += strcmp(text, "abcdef") == 0;
  s += __atomic_load_n(&IN(0), __ATOMIC_ACQUIRE);
  ACQUIRED(0);
  keep(s);
}
const sound::Target targets[] = {
    {&g, sizeof g}, {&h, sizeof h}, {&m, sizeof m}, {&values, 40}, {&text, sizeof text}};
}  // namespace s0

static const sound::Scenario scenarios[] = {
    {"s0", s0::prepare, s0::body, s0::targets, 5, 0, 1, false, false},
};
sound::Table sound_table() { return {scenarios, 1, kIsReference}; }
