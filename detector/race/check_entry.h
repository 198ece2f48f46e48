// check_entry.h: what the thunks of checks jump to (instrument/inline_check.h).
//
// Input:    in assembly, so that a check costs its function no register. With rsp as the
//           function had it at the access:
//             rdi           address of the access
//             rsp - 8       calling context of the function; absent in the _leaf forms, where
//                           __fsan_running holds it
//             then          the return address: the access
//             8 below       free, for rbp
//             16 below      the function's rdi
//             24 below      what some accesses have besides: size, the vptr's value, or the
//             vector's mask
//           The forms named __fsan_missed_ make no test any more (instrument/short_check.h), those
//           named __fsan_check_ that of the masks. The stubs of ranges (instrument/inline_range.h)
//           call theirs, and jump back to the access.
//           All registers are as before afterwards, but flags and the function's context.
// Cost:     some 20 instructions when the stamp covers the bytes of the access, though not the
//           whole cell (3 ns by estimate, not measured alone);
//           else the fast part saves 9 registers; the rest saves those of vectors, too.
// Not here: what instrumented code does inline, see instrument/inline_check.h.
//
// Invariants
//   N1  The pc of the event is the return address, for a stub where its jump leads to, just behind
//       the inline part: line tables know nothing of stubs. What tells places apart is the return
//       address.
//   N2  The fast part touches general registers only (check_fast.cpp).
#ifndef FIBERSAN_DETECTOR_RACE_CHECK_ENTRY_H
#define FIBERSAN_DETECTOR_RACE_CHECK_ENTRY_H

#include <cstdint>

namespace fibersan {

constexpr uint64_t kWidestCheck = 64;

// What the slow part is told of the access.
constexpr uint64_t kCheckIsRead = uint64_t{1} << 32;
constexpr uint64_t kCheckIsVptr = uint64_t{1} << 33;
constexpr uint64_t kCheckIsMasked = uint64_t{1} << 34;  // the elements of a vector that are on
constexpr uint64_t kCheckIsRange = uint64_t{1} << 35;   // of any size

}  // namespace fibersan

// For assembly: the slot at `offset` of the cell at rdx holds our stamp with all bytes but those in
// the register `untouched`, or the flags say `ne`. rax is lost.
#define FIBERSAN_TEST_SLOT_MACRO                       \
  ".macro fsan_test_slot offset, is_read, untouched\n" \
  "  movq \\offset(%rdx), %rax\n"                      \
  "  xorq %fs:__fsan_running@tpoff, %rax\n"            \
  "  .if \\is_read\n"                                  \
  "    btrq $63, %rax\n"                               \
  "  .endif\n"                                         \
  "  orq \\untouched, %rax\n"                          \
  "  cmpq $255, %rax\n"                                \
  ".endm\n"

extern "C" {

#define FIBERSAN_DECLARE_CHECK(name)                                                 \
  uint64_t __fsan_fast_##name(uintptr_t address, uintptr_t place, const void* frame, \
                              uint64_t context);
FIBERSAN_DECLARE_CHECK(read1)
FIBERSAN_DECLARE_CHECK(read2)
FIBERSAN_DECLARE_CHECK(read4)
FIBERSAN_DECLARE_CHECK(read8)
FIBERSAN_DECLARE_CHECK(write1)
FIBERSAN_DECLARE_CHECK(write2)
FIBERSAN_DECLARE_CHECK(write4)
FIBERSAN_DECLARE_CHECK(write8)
#undef FIBERSAN_DECLARE_CHECK
uint64_t __fsan_fast_read_range(uintptr_t address, uintptr_t place, const void* frame,
                                uint64_t context, uint64_t size);
uint64_t __fsan_fast_write_range(uintptr_t address, uintptr_t place, const void* frame,
                                 uint64_t context, uint64_t size);
uint64_t __fsan_fast_read_loop(uintptr_t address, uintptr_t place, const void* frame,
                               uint64_t context, uint64_t size);
uint64_t __fsan_fast_write_loop(uintptr_t address, uintptr_t place, const void* frame,
                                uint64_t context, uint64_t size);
uint64_t __fsan_fast_write_vptr(uintptr_t address, uintptr_t place, const void* frame,
                                uint64_t context, uint64_t value);
uint64_t __fsan_fast_masked(uintptr_t address, uintptr_t place, const void* frame, uint64_t context,
                            uint64_t mask);

// `what` is a size with the bits above, `result` what the fast part returned.
void __fsan_check_slowly(uintptr_t address, uintptr_t place, const void* frame, uint64_t context,
                         uint64_t what, uint64_t result);

}  // extern "C"

#endif  // FIBERSAN_DETECTOR_RACE_CHECK_ENTRY_H
