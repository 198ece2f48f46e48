// hooks_loop.cpp: what a loop accesses, told before it begins, where every check is a call
// (-fibersan-calls-only). Else loop_entry.cpp is called.
//
// Cost:     see covered_range.h. These hooks have the common calling convention: before a loop
//           fewer registers are in use than a preserve_most function would save.
#include "detector/abi/hooks.h"
#include "detector/race/access.h"
#include "detector/race/covered_range.h"

namespace {

// Up to this many bytes a loop over the cells is faster than the frame of a function with calls.
constexpr uint64_t kShort = 128;

template <fibersan::AccessKind kKind>
bool is_covered(fsan_ptr address, fsan_u64 size) {
  return fibersan::range_is_covered(reinterpret_cast<uintptr_t>(address), size, kKind,
                                    fibersan::all_cover);
}
template <fibersan::AccessKind kKind>
FIBERSAN_INLINE bool short_is_covered(fsan_ptr address, fsan_u64 size) {
  return fibersan::range_is_covered(
      reinterpret_cast<uintptr_t>(address), size, kKind,
      [](const fibersan::Cell* cell, const fibersan::Cell* end, fibersan::Stamp wanted) {
        return fibersan::few_cover(cell, end, wanted);
      });
}

}  // namespace

// Each way is entered by a jump: the caller's frame is as it was at the hook.
#define FIBERSAN_LOOP(name, kind)                                                    \
  __attribute__((noinline)) static void name##_slow(fsan_ptr address, fsan_u64 size, \
                                                    fsan_u64 context) {              \
    fibersan::access_range({reinterpret_cast<uintptr_t>(address), size, kind},       \
                           FIBERSAN_CALLER(context));                                \
  }                                                                                  \
  __attribute__((noinline)) static void name##_long(fsan_ptr address, fsan_u64 size, \
                                                    fsan_u64 context) {              \
    if (is_covered<kind>(address, size)) return;                                     \
    [[clang::musttail]] return name##_slow(address, size, context);                  \
  }                                                                                  \
  extern "C" void __fsan_##name(fsan_ptr address, fsan_u64 size, fsan_u64 context) { \
    if (fibersan::acts_alone()) return; /* N2 of concurrency.h */                    \
    if (size > kShort) [[clang::musttail]]                                           \
      return name##_long(address, size, context);                                    \
    if (short_is_covered<kind>(address, size)) return;                               \
    [[clang::musttail]] return name##_slow(address, size, context);                  \
  }
FIBERSAN_LOOP(read_loop, fibersan::AccessKind::kRead)
FIBERSAN_LOOP(write_loop, fibersan::AccessKind::kWrite)
