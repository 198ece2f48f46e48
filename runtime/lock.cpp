#include "runtime/lock.h"

#include <sched.h>
#include <time.h>
#include <algorithm>

#include "runtime/fork.h"

namespace fiber::internal {

void SpinLock::lock_contended() {
  constexpr int kSpins = 24;
  constexpr int kYields = 64;
  constexpr long kNapNs = 50'000;
  for (int tries = 0;; ++tries) {
    // acquire [A1]: as in lock().
    if (!held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire))
      return;
    if (tries < kSpins) {
      for (int i = 1 << std::min(tries, 5); i > 0; --i) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
      }
    } else if (tries < kSpins + kYields) {
      sched_yield();  // I1
    } else {
      // Whoever holds it is not there, and has left what it protects half changed.
      if (in_forked_child()) fatal_in_forked_child("another thread held a lock of the runtime");
      const timespec nap = {0, kNapNs};
      nanosleep(&nap, nullptr);
    }
  }
}

}  // namespace fiber::internal
