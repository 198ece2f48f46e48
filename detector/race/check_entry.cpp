// check_entry.cpp: the frame of an entry, by offsets from its rbp
//
//      16  context      8  return address      0  the function's rbp
//      -8  rdi        -16  size, value or mask    -24  rax   -32 rcx   -40 rdx
//     -48  rsi        -56  r8                -64  r9    -72 r10   -80 r11
//     -88  address    -96  context          -104  what the fast part returned
#include "detector/race/check_entry.h"

#include <bit>
#include <cstring>

#include "detector/abi/hooks.h"
#include "detector/race/access_fast.h"

namespace fibersan {
namespace {

int32_t displacement_at(uintptr_t code) {
  int32_t displacement;
  memcpy(&displacement, reinterpret_cast<const void*>(code), sizeof displacement);
  return displacement;
}
unsigned char byte_at(uintptr_t code) { return *reinterpret_cast<const unsigned char*>(code); }
uintptr_t displaced(uintptr_t from, int64_t displacement) {
  return from + static_cast<uintptr_t>(displacement);
}

// Where the jump at `code` leads, by 8 or 32 bits; 0: it is none.
uintptr_t jump_target(uintptr_t code) {
  if (byte_at(code) == 0xeb) return displaced(code + 2, static_cast<int8_t>(byte_at(code + 1)));
  if (byte_at(code) == 0xe9) return displaced(code + 5, displacement_at(code + 1));
  return 0;
}
// Where the `jne` that ends at `code` leads.
uintptr_t branch_target(uintptr_t code) {
  if (byte_at(code - 6) == 0x0f && byte_at(code - 5) == 0x85)
    return displaced(code, displacement_at(code - 4));
  if (byte_at(code - 2) == 0x75) return displaced(code, static_cast<int8_t>(byte_at(code - 1)));
  return 0;
}

// N1. What comes after the call is the stub's jump back to where a `jne` leads into the same stub,
// or there is no stub: the call is in the function itself.
uintptr_t pc_of(uintptr_t place) {
  constexpr uintptr_t kLongestStub = 256;
  const uintptr_t target = jump_target(place);
  if (target == 0 || target >= place) return place;
  const uintptr_t stub = branch_target(target);
  return stub < place && place - stub < kLongestStub ? target : place;
}

}  // namespace
}  // namespace fibersan

void __fsan_check_slowly(uintptr_t address, uintptr_t place, const void* frame, uint64_t context,
                         uint64_t what, uint64_t result) {
  using namespace fibersan;
  const bool is_read = (what & kCheckIsRead) != 0;
  Access access = {.address = address,
                   .size = static_cast<uint32_t>(what),
                   .kind = is_read ? AccessKind::kRead : AccessKind::kWrite,
                   .is_vptr = (what & kCheckIsVptr) != 0};
  const Caller caller = {pc_of(place), frame, context, place};
  const uint64_t extra = static_cast<const uint64_t*>(frame)[-2];
  if ((what & kCheckIsRange) != 0) access.size = extra;
  if ((what & kCheckIsMasked) != 0) {
    for (uint64_t mask = extra; mask != 0; mask &= mask - 1) {
      access.address = address + static_cast<unsigned>(std::countr_zero(mask)) * access.size;
      access_range(access, caller);
    }
    return;
  }
  if (static_cast<Fast>(result) == Fast::kLookAgain) return access_again(access, caller);
  if ((what & kCheckIsRange) != 0) return access_range(access, caller);
  if (address % 8 + access.size > 8) return access_range_slowly(access, caller);
  access_cell(access, caller);
}

// 0: not known yet, 1: xsavec, 2: xsave, 3: fxsave.
extern "C" [[gnu::visibility("hidden")]] constinit unsigned char __fsan_vector_save = 0;

static_assert(FSAN_SHADOW_MASK + 16 == uint64_t{1} << 47 && FSAN_STAMP_READ == 0x8000000000000000);
static_assert(offsetof(fsan_running_state, stamp) == 0 &&
              offsetof(fsan_running_state, context) == 8);
static_assert(fibersan::kCheckIsRead == 0x100000000 && fibersan::kCheckIsVptr == 0x200000000 &&
              fibersan::kCheckIsMasked == 0x400000000 && fibersan::kCheckIsRange == 0x800000000);

asm(FIBERSAN_TEST_SLOT_MACRO R"(
  .text

# Scratch registers below rsp, where the frame will be.
.macro fsan_save_scratch
  movq %rax, -32(%rsp)
  movq %rcx, -40(%rsp)
  movq %rdx, -48(%rsp)
.endm
.macro fsan_restore_scratch
  movq -32(%rsp), %rax
  movq -40(%rsp), %rcx
  movq -48(%rsp), %rdx
.endm

# rcx = bits of the mask that the access does not need; rdx = the cell.
.macro fsan_find_cell untouched
  leaq (%rdi,%rdi), %rdx
  movabsq $0x7ffffffffff0, %rcx
  addq __fsan_shadow_base(%rip), %rdx
  andq %rcx, %rdx
  .if \untouched == 0
    xorl %ecx, %ecx
  .else
    movl %edi, %ecx
    movl $\untouched, %eax
    rolb %cl, %al
    movzbl %al, %ecx
  .endif
.endm

# name, the function of the fast part, is_read, untouched, what, has_context, has_extra, the name
# of the entry with the test of masks (none: there is none).
.macro fsan_check_entry name, fast, is_read, untouched, what, has_context, has_extra, tested
  .globl \name
  .type \name, @function
  .p2align 4
\name:
  .cfi_startproc
  .if \has_context
    .cfi_def_cfa_offset 16
    .cfi_offset %rip, -16
  .endif
  fsan_save_scratch
  .ifnb \tested
    jmp 1f
    .globl \tested
    .type \tested, @function
    .p2align 4
\tested:
    fsan_save_scratch
    fsan_find_cell \untouched
    fsan_test_slot 8*\is_read, \is_read, %rcx
    je 3f
    fsan_test_slot 8-8*\is_read, \is_read, %rcx
    je 3f
1:
  .endif
1:
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset %rbp, -16-8*\has_context
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  subq $40, %rsp
  pushq %rsi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %rdi
  .if \has_context
    movq 16(%rbp), %rcx
  .else
    movq %fs:__fsan_running@tpoff+8, %rcx
  .endif
  pushq %rcx
  pushq $0
  movq 8(%rbp), %rsi
  movq %rbp, %rdx
  .if \has_extra
    movq -16(%rbp), %r8
  .endif
  cld
  andq $-16, %rsp
  call \fast
  testq %rax, %rax
  jne 4f
2:
  leaq -80(%rbp), %rsp
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rsi
  addq $40, %rsp
  popq %rbp
  .cfi_remember_state
  .cfi_def_cfa %rsp, 8+8*\has_context
  .cfi_restore %rbp
3:
  fsan_restore_scratch
  movq -16(%rsp), %rdi
  .if \has_context
    ret $8
  .else
    ret
  .endif
  .cfi_restore_state
4:
  movabsq $\what, %r8
  .if \has_extra == 1
    movl -16(%rbp), %ecx
    orq %rcx, %r8
  .endif
  movq %rax, -104(%rbp)
  call __fsan_save_vectors_and_check
  jmp 2b
  .cfi_endproc
  .size \name, . - \name
.endm

.macro fsan_check name, fast, is_read, untouched, what, has_extra
  fsan_check_entry __fsan_missed_\name, \fast, \is_read, \untouched, \what, 1, \has_extra, __fsan_check_\name
  fsan_check_entry __fsan_missed_\name\()_leaf, \fast, \is_read, \untouched, \what, 0, \has_extra, __fsan_check_\name\()_leaf
.endm
.macro fsan_check_untested name, fast, is_read, what, has_extra
  fsan_check_entry __fsan_check_\name, \fast, \is_read, 0, \what, 1, \has_extra
  fsan_check_entry __fsan_check_\name\()_leaf, \fast, \is_read, 0, \what, 0, \has_extra
.endm

  fsan_check read1, __fsan_fast_read1, 1, 0xfe, 0x100000001, 0
  fsan_check read2, __fsan_fast_read2, 1, 0xfc, 0x100000002, 0
  fsan_check read4, __fsan_fast_read4, 1, 0xf0, 0x100000004, 0
  fsan_check read8, __fsan_fast_read8, 1, 0, 0x100000008, 0
  fsan_check write1, __fsan_fast_write1, 0, 0xfe, 1, 0
  fsan_check write2, __fsan_fast_write2, 0, 0xfc, 2, 0
  fsan_check write4, __fsan_fast_write4, 0, 0xf0, 4, 0
  fsan_check write8, __fsan_fast_write8, 0, 0, 8, 0
  fsan_check_untested read_range, __fsan_fast_read_range, 1, 0x100000000, 1
  fsan_check_untested write_range, __fsan_fast_write_range, 0, 0, 1
  fsan_check_untested read_masked1, __fsan_fast_masked, 1, 0x500000001, 2
  fsan_check_untested read_masked2, __fsan_fast_masked, 1, 0x500000002, 2
  fsan_check_untested read_masked4, __fsan_fast_masked, 1, 0x500000004, 2
  fsan_check_untested read_masked8, __fsan_fast_masked, 1, 0x500000008, 2
  fsan_check_untested write_masked1, __fsan_fast_masked, 0, 0x400000001, 2
  fsan_check_untested write_masked2, __fsan_fast_masked, 0, 0x400000002, 2
  fsan_check_untested write_masked4, __fsan_fast_masked, 0, 0x400000004, 2
  fsan_check_untested write_masked8, __fsan_fast_masked, 0, 0x400000008, 2
  fsan_check read_vptr, __fsan_fast_read8, 1, 0, 0x300000008, 0
  fsan_check write_vptr, __fsan_fast_write_vptr, 0, 0, 0x200000008, 2

# Behind loop_entry.cpp.
  fsan_check_entry __fsan_missed_read_loop, __fsan_fast_read_loop, 1, 0, 0x900000000, 1, 2
  fsan_check_entry __fsan_missed_read_loop_leaf, __fsan_fast_read_loop, 1, 0, 0x900000000, 0, 2
  fsan_check_entry __fsan_missed_write_loop, __fsan_fast_write_loop, 0, 0, 0x800000000, 1, 2
  fsan_check_entry __fsan_missed_write_loop_leaf, __fsan_fast_write_loop, 0, 0, 0x800000000, 0, 2

# Called from an entry, whose frame rbp is; r8 = what. May change all general registers but the
# callee-saved ones. Components: x87, SSE, AVX, masks, the two of AVX-512.
  .type __fsan_save_vectors_and_check, @function
  .p2align 4
__fsan_save_vectors_and_check:
  .cfi_startproc
  pushq %rbx
  .cfi_def_cfa_offset 16
  .cfi_offset %rbx, -16
  pushq %r12
  .cfi_def_cfa_offset 24
  .cfi_offset %r12, -24
  movq %rsp, %r12
  .cfi_def_cfa_register %r12
  subq $2752, %rsp
  andq $-64, %rsp
1:
  movzbl __fsan_vector_save(%rip), %ebx
  testl %ebx, %ebx
  je 9f
  xorl %eax, %eax
  movq %rax, 512(%rsp)
  movq %rax, 520(%rsp)
  movq %rax, 528(%rsp)
  movq %rax, 536(%rsp)
  movq %rax, 544(%rsp)
  movq %rax, 552(%rsp)
  movq %rax, 560(%rsp)
  movq %rax, 568(%rsp)
  movl $0xe7, %eax
  xorl %edx, %edx
  cmpl $2, %ebx
  ja 5f
  je 4f
  xsavec (%rsp)
  jmp 6f
4:
  xsave (%rsp)
  jmp 6f
5:
  fxsave (%rsp)
6:
  emms
  movq -88(%rbp), %rdi
  movq 8(%rbp), %rsi
  movq %rbp, %rdx
  movq -96(%rbp), %rcx
  movq -104(%rbp), %r9
  call __fsan_check_slowly
  cmpl $2, %ebx
  ja 7f
  movl $0xe7, %eax
  xorl %edx, %edx
  xrstor (%rsp)
  jmp 8f
7:
  fxrstor (%rsp)
8:
  movq %r12, %rsp
  popq %r12
  popq %rbx
  .cfi_remember_state
  .cfi_def_cfa %rsp, 8
  .cfi_restore %r12
  .cfi_restore %rbx
  ret
  .cfi_restore_state
# What this processor and kernel have.
9:
  movl $1, %eax
  xorl %ecx, %ecx
  cpuid
  movl $3, %ebx
  btl $27, %ecx
  jnc 10f
  movl $13, %eax
  movl $1, %ecx
  cpuid
  movl $2, %ebx
  btl $1, %eax
  jnc 10f
  movl $1, %ebx
10:
  movb %bl, __fsan_vector_save(%rip)
  jmp 1b
  .cfi_endproc
  .size __fsan_save_vectors_and_check, . - __fsan_save_vectors_and_check
)");
