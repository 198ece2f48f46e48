// parker.h: one thread sleeps, any thread wakes it; a wake-up before the sleep counts.
//
// Cost:     a futex call each way; 34 us until the other CPU runs on a small VM.
// Threads:  park() by its owner, unpark() by any.
#ifndef FIBERSAN_RUNTIME_PARKER_H
#define FIBERSAN_RUNTIME_PARKER_H

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace fiber::internal {

class Parker {
 public:
  // Until unpark() or the deadline; may also return without either.
  void park(std::chrono::steady_clock::time_point deadline) {
    // acquire [A1]: what was done before unpark(). Pairs with [R1].
    if (word_.exchange(kEmpty, std::memory_order_acquire) == kToken) return;
    const bool timed = deadline != std::chrono::steady_clock::time_point::max();
    timespec until = {};
    if (timed) {
      const int64_t ns = deadline.time_since_epoch().count();
      if (ns <= 0) return;
      until = {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    }
    // Absolute, by CLOCK_MONOTONIC, which steady_clock is.
    syscall(SYS_futex, &word_, FUTEX_WAIT_BITSET_PRIVATE, kEmpty, timed ? &until : nullptr, nullptr,
            FUTEX_BITSET_MATCH_ANY);
    // acquire [A1].
    word_.exchange(kEmpty, std::memory_order_acquire);
  }

  void unpark() {
    if (leave_token()) wake();
  }

  // The two halves of unpark(), for an owner that may sleep elsewhere. True: wake it, too.
  bool leave_token() {
    // release [R1]: pairs with [A1].
    return word_.exchange(kToken, std::memory_order_release) != kToken;
  }
  void wake() { syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0); }
  // By the owner: true when a token was there, which is gone now.
  bool take_token() {
    // acquire [A1]: pairs with [R1].
    return word_.exchange(kEmpty, std::memory_order_acquire) == kToken;
  }

 private:
  static constexpr uint32_t kEmpty = 0;
  static constexpr uint32_t kToken = 1;
  std::atomic<uint32_t> word_{kEmpty};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_PARKER_H
