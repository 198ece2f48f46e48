// hooks_loop.cpp: what a loop accesses, told before it begins.
//
// Cost:     see covered_range.h. These hooks have the common calling convention: before a loop
//           fewer registers are in use than a preserve_most function would save.
#include "detector/abi/hooks.h"
#include "detector/race/access.h"
#include "detector/race/covered_range.h"

// The general way, entered by a jump: the caller's frame is as it was at the hook.
#define FIBERSAN_LOOP(name, kind)                                                             \
  __attribute__((noinline)) static void name##_slow(fsan_ptr address, fsan_u64 size,          \
                                                    fsan_u64 context) {                       \
    fibersan::access_range({reinterpret_cast<uintptr_t>(address), size, kind},                \
                           FIBERSAN_CALLER(context));                                         \
  }                                                                                           \
  extern "C" void __fsan_##name(fsan_ptr address, fsan_u64 size, fsan_u64 context) {          \
    if (fibersan::acts_alone()) return; /* N2 of concurrency.h */                             \
    if (fibersan::range_is_covered(reinterpret_cast<uintptr_t>(address), size, kind)) return; \
    [[clang::musttail]] return name##_slow(address, size, context);                           \
  }
FIBERSAN_LOOP(read_loop, fibersan::AccessKind::kRead)
FIBERSAN_LOOP(write_loop, fibersan::AccessKind::kWrite)
