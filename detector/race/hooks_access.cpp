// The cold side of the inline check (FSAN_COLD: they save every register), and ranges.
#include "detector/abi/hooks.h"
#include "detector/race/record_fast.h"
#include "detector/shadow/shadow.h"

namespace fibersan {
namespace {

uintptr_t number(fsan_ptr address) { return reinterpret_cast<uintptr_t>(address); }

}  // namespace
}  // namespace fibersan

using fibersan::AccessKind;

// The general way, entered by a jump: the caller's frame is as it was at the hook.
#define FIBERSAN_GENERAL(name, size, kind, access)                                             \
  FSAN_COLD                                                                                    \
  __attribute__((noinline)) static void name##_slow(fsan_ptr address, fsan_u64 context) {      \
    fibersan::access({fibersan::number(address), size, kind}, FIBERSAN_CALLER(context));       \
  }                                                                                            \
  FSAN_COLD                                                                                    \
  __attribute__((noinline)) static void name##_again(fsan_ptr address, fsan_u64 context) {     \
    fibersan::access_again({fibersan::number(address), size, kind}, FIBERSAN_CALLER(context)); \
  }
#define FIBERSAN_TWO(name, kind)                                                                   \
  FIBERSAN_GENERAL(name, 16, kind, access_range_slowly)                                            \
  extern "C" FSAN_COLD void __fsan_##name(fsan_ptr address, fsan_u64 context) {                    \
    const fibersan::Fast result = fibersan::access_cells_fast(fibersan::number(address), 16, kind, \
                                                              FIBERSAN_CALLER(context));           \
    if (__builtin_expect(result == fibersan::Fast::kDone, 1)) return;                              \
    if (result == fibersan::Fast::kSlow) [[clang::musttail]]                                       \
      return name##_slow(address, context);                                                        \
    [[clang::musttail]] return name##_again(address, context);                                     \
  }
// The cell has a record or needs one, as it seems.
#define FIBERSAN_ONE(name, size, kind)                                                           \
  FIBERSAN_GENERAL(name##_hard, size, kind, access_cell)                                         \
  FSAN_COLD                                                                                      \
  __attribute__((noinline)) static void name##_slow(fsan_ptr address, fsan_u64 context) {        \
    const fibersan::Fast result = fibersan::access_records_fast(fibersan::number(address), size, \
                                                                kind, FIBERSAN_CALLER(context)); \
    if (__builtin_expect(result == fibersan::Fast::kDone, 1)) return;                            \
    if (result == fibersan::Fast::kSlow) [[clang::musttail]]                                     \
      return name##_hard_slow(address, context);                                                 \
    [[clang::musttail]] return name##_hard_again(address, context);                              \
  }                                                                                              \
  extern "C" FSAN_COLD void __fsan_##name(fsan_ptr address, fsan_u64 context) {                  \
    const fibersan::Caller caller = FIBERSAN_CALLER(context);                                    \
    fibersan::Fast result =                                                                      \
        fibersan::refresh_one_fast<size, kind>(fibersan::number(address), caller);               \
    if (result == fibersan::Fast::kSlow)                                                         \
      result = fibersan::access_one_fast<size, kind>(fibersan::number(address), caller);         \
    if (__builtin_expect(result == fibersan::Fast::kDone, 1)) return;                            \
    if (result == fibersan::Fast::kSlow) [[clang::musttail]]                                     \
      return name##_slow(address, context);                                                      \
    [[clang::musttail]] return name##_hard_again(address, context);                              \
  }

FIBERSAN_ONE(read1, 1, AccessKind::kRead)
FIBERSAN_ONE(read2, 2, AccessKind::kRead)
FIBERSAN_ONE(read4, 4, AccessKind::kRead)
FIBERSAN_ONE(read8, 8, AccessKind::kRead)
FIBERSAN_TWO(read16, AccessKind::kRead)
FIBERSAN_ONE(write1, 1, AccessKind::kWrite)
FIBERSAN_ONE(write2, 2, AccessKind::kWrite)
FIBERSAN_ONE(write4, 4, AccessKind::kWrite)
FIBERSAN_ONE(write8, 8, AccessKind::kWrite)
FIBERSAN_TWO(write16, AccessKind::kWrite)

extern "C" {

FSAN_COLD void __fsan_read_range(fsan_ptr address, fsan_u64 size, fsan_u64 context) {
  fibersan::access_range({fibersan::number(address), size, AccessKind::kRead},
                         FIBERSAN_CALLER(context));
}
FSAN_COLD void __fsan_write_range(fsan_ptr address, fsan_u64 size, fsan_u64 context) {
  fibersan::access_range({fibersan::number(address), size, AccessKind::kWrite},
                         FIBERSAN_CALLER(context));
}

FSAN_COLD void __fsan_read_vptr(fsan_ptr address, fsan_u64 context) {
  fibersan::access_cell({.address = fibersan::number(address),
                         .size = sizeof(void*),
                         .kind = AccessKind::kRead,
                         .is_vptr = true},
                        FIBERSAN_CALLER(context));
}
FSAN_COLD void __fsan_write_vptr(fsan_ptr address, fsan_ptr value, fsan_u64 context) {
  if (fibersan::keeps_vptr(fibersan::number(address), fibersan::number(value))) return;
  fibersan::access_cell({.address = fibersan::number(address),
                         .size = sizeof(void*),
                         .kind = AccessKind::kWrite,
                         .is_vptr = true},
                        FIBERSAN_CALLER(context));
}

// The runtime's calls: the running context is that of the user's call into it.
#define FIBERSAN_OPERATION(name, access_kind)                        \
  void __fsan_object_##name(const void* object, size_t size) {       \
    fibersan::access_range({.address = fibersan::number(object),     \
                            .size = size,                            \
                            .kind = (access_kind),                   \
                            .is_operation = true},                   \
                           FIBERSAN_CALLER(__fsan_running.context)); \
  }
FIBERSAN_OPERATION(read, AccessKind::kRead)
FIBERSAN_OPERATION(written, AccessKind::kWrite)
FIBERSAN_OPERATION(awaited, AccessKind::kAtomicWrite)

}  // extern "C"
