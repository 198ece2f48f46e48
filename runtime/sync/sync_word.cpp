#include "runtime/sync/sync_word.h"

#include <sched.h>

namespace fiber::internal {

void spin_pause(int round) {
  constexpr int kSpins = 64;  // about what a holder needs; then the kernel may have taken its CPU
  if (round % kSpins == kSpins - 1) {
    sched_yield();
  } else {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ __volatile__("yield");
#endif
  }
}

}  // namespace fiber::internal
