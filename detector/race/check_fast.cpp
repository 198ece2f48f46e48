// check_fast.cpp: what the thunk of a check leads to first (check_entry.cpp). Compiled for
// general registers only, so that no vector register has to be saved around it.
//
// Invariants
//   V1  Nothing is called that another source compiles (tests/layers/general_registers.py), but
//       the system, to let signals in.
#include "detector/race/check_entry.h"
#include "detector/race/record_fast.h"

namespace fibersan {
namespace {

static_assert(kWidestFast == kWidestCheck);

Caller caller_of(uintptr_t place, const void* frame, uint64_t context) {
  return {.pc = place, .frame = frame, .context = context, .place = place};
}

}  // namespace
}  // namespace fibersan

using fibersan::AccessKind;

extern "C" {

// Functions of their own for what needs more registers: other stamps, records.
[[gnu::noinline]] static uint64_t access_records(uintptr_t address, uintptr_t place,
                                                 const void* frame, uint64_t context, uint64_t size,
                                                 AccessKind kind) {
  return static_cast<uint64_t>(fibersan::access_records_fast(
      address, size, kind, fibersan::caller_of(place, frame, context)));
}
#define FIBERSAN_CHECK_ONE(name, size, kind)                                             \
  [[gnu::noinline]] static uint64_t stamps_##name(uintptr_t address, uintptr_t place,    \
                                                  const void* frame, uint64_t context) { \
    const fibersan::Fast result = fibersan::access_one_fast<size, AccessKind::kind>(     \
        address, fibersan::caller_of(place, frame, context));                            \
    if (__builtin_expect(result != fibersan::Fast::kSlow, 1))                            \
      return static_cast<uint64_t>(result);                                              \
    return access_records(address, place, frame, context, size, AccessKind::kind);       \
  }                                                                                      \
  uint64_t __fsan_fast_##name(uintptr_t address, uintptr_t place, const void* frame,     \
                              uint64_t context) {                                        \
    const fibersan::Fast result = fibersan::refresh_one_fast<size, AccessKind::kind>(    \
        address, fibersan::caller_of(place, frame, context));                            \
    if (__builtin_expect(result != fibersan::Fast::kSlow, 1))                            \
      return static_cast<uint64_t>(result);                                              \
    [[clang::musttail]] return stamps_##name(address, place, frame, context);            \
  }
#define FIBERSAN_CHECK_CELLS(name, kind)                                              \
  uint64_t __fsan_fast_##name(uintptr_t address, uintptr_t place, const void* frame,  \
                              uint64_t context, uint64_t size) {                      \
    const fibersan::Fast result = fibersan::access_cells_fast(                        \
        address, size, AccessKind::kind, fibersan::caller_of(place, frame, context)); \
    if (__builtin_expect(result != fibersan::Fast::kSlow, 1))                         \
      return static_cast<uint64_t>(result);                                           \
    return access_records(address, place, frame, context, size, AccessKind::kind);    \
  }

FIBERSAN_CHECK_ONE(read1, 1, kRead)
FIBERSAN_CHECK_ONE(read2, 2, kRead)
FIBERSAN_CHECK_ONE(read4, 4, kRead)
FIBERSAN_CHECK_ONE(read8, 8, kRead)
FIBERSAN_CHECK_ONE(write1, 1, kWrite)
FIBERSAN_CHECK_ONE(write2, 2, kWrite)
FIBERSAN_CHECK_ONE(write4, 4, kWrite)
FIBERSAN_CHECK_ONE(write8, 8, kWrite)
FIBERSAN_CHECK_CELLS(read_range, kRead)
FIBERSAN_CHECK_CELLS(write_range, kWrite)
FIBERSAN_CHECK_CELLS(read_loop, kRead)
FIBERSAN_CHECK_CELLS(write_loop, kWrite)

uint64_t __fsan_fast_write_vptr(uintptr_t address, uintptr_t place, const void* frame,
                                uint64_t context, uint64_t value) {
  if (fibersan::keeps_vptr(address, value)) return static_cast<uint64_t>(fibersan::Fast::kDone);
  return __fsan_fast_write8(address, place, frame, context);
}

uint64_t __fsan_fast_masked(uintptr_t, uintptr_t, const void*, uint64_t, uint64_t) {
  return static_cast<uint64_t>(fibersan::Fast::kSlow);
}

}  // extern "C"
