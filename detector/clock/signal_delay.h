// signal_delay.h: signals of the program wait while the thread is inside the detector's own
// state: a handler whose hooks met it half changed, or locked, would never come back.
//
// Output:   where a signal comes too early it goes back to the kernel with all signals blocked,
//           and is delivered again, with all it said, by who leaves last.
// Cost:     an increment and a decrement; three system calls for a signal that has to wait.
// Threads:  per OS thread; nothing here moves to another one.
// Not here: the handler that all signals come to first, see process/signals.h.
#ifndef FIBERSAN_DETECTOR_CLOCK_SIGNAL_DELAY_H
#define FIBERSAN_DETECTOR_CLOCK_SIGNAL_DELAY_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

namespace fibersan {

struct SignalDelay {
  unsigned depth = 0;
  bool delayed = false;      // signals are blocked, to be let in at the end
  uint64_t mask_before = 0;  // then; as the kernel has it
};

inline constinit thread_local SignalDelay signal_delay
    __attribute__((tls_model("initial-exec"))) = {};

// Each source has its own: one of them has no vector registers to use (race/check_fast.cpp).
[[gnu::noinline, gnu::cold]] static void let_delayed_signals_in() {
  const int saved = errno;
  const uint64_t mask = signal_delay.mask_before;
  signal_delay.delayed = false;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask);
  errno = saved;
}

// For the compiler: only a handler on this thread has to see the order.
#define FIBERSAN_SIGNAL_FENCE() __asm__ volatile("" ::: "memory")

[[gnu::always_inline]] inline void signals_wait() {
  ++signal_delay.depth;
  FIBERSAN_SIGNAL_FENCE();
}
[[gnu::always_inline]] inline void signals_come_in() {
  FIBERSAN_SIGNAL_FENCE();
  const unsigned depth = --signal_delay.depth;
  // A signal that came before the store was delayed, and is seen here; a later one was not.
  FIBERSAN_SIGNAL_FENCE();
  if (__builtin_expect(signal_delay.delayed, 0) && depth == 0) let_delayed_signals_in();
}

// For state that has no lock: a fiber's clock, who runs here.
class SignalsWait {
 public:
  SignalsWait() { signals_wait(); }
  ~SignalsWait() { signals_come_in(); }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_SIGNAL_DELAY_H
