// loop_entry.cpp: what the check of a loop's range calls when the inline test has failed: the masks
// of the first and the last cell, cells with our stamp in either slot, a thread that is alone.
//
// Input:    rdi = address, rsi = size; rdx = the first cell that may not be covered, r8 = the last
//           cell (or slot 1 of either; rdx may be behind r8). Calling context and return address
//           on the stack as in check_entry.h; no context in the _leaf forms. The forms named
//           __fsan_call_ make the whole test, from rdi and rsi.
//           rax, rcx, rdx, r8, r9, the vectors 16 to 19 and the mask 1 are lost, all other
//           registers are as before.
// Cost:     half a cycle or one for each cell that is left, with AVX-512 a quarter, two where they
//           do not look alike; by check_entry.cpp when one is not covered.
//
// Invariants
//   W1  While the main thread is alone nothing is checked (concurrency.h N2).
//   W2  Vector registers below 16 are not touched: code without AVX-512 has values in them, and
//       would be slow behind one whose upper half is in use.
#include "detector/race/check_entry.h"
#include "detector/race/concurrency.h"
#include "detector/race/loop_vectors.h"

constinit unsigned char __fsan_loop_vectors = 0;

namespace {

// Until then cells are compared one by one.
[[gnu::constructor(101)]] void look_for_vectors() {
  __builtin_cpu_init();
  __fsan_loop_vectors = __builtin_cpu_supports("avx512vl") != 0;
}

}  // namespace

static_assert(sizeof fibersan::main_thread_is_alone == 1);

asm(FIBERSAN_TEST_SLOT_MACRO R"(
  .text

# The same slot of 8 cells holds `stamp`.
.macro fsan_test_block stamp, slot, otherwise
  .irp cell, 0, 16, 32, 48, 64, 80, 96, 112
    cmpq \stamp, \cell+\slot(%rdx)
    jne \otherwise
  .endr
.endm

# The same slot of 16 cells holds the stamp that all elements of `stamps` are; of each two cells
# `elements` are those of the slot. r9 is lost.
.macro fsan_test_vectors stamps, elements
  vpxorq %ymm16, %ymm16, %ymm16
  vpxorq %ymm17, %ymm17, %ymm17
  .irp cells, 0, 64, 128, 192
    vpternlogq $0xf6, \cells(%rdx), \stamps, %ymm16     # ymm16 |= stamps ^ cells
    vpternlogq $0xf6, \cells+32(%rdx), \stamps, %ymm17
  .endr
  vporq %ymm16, %ymm17, %ymm16
  vptestmq %ymm16, %ymm16, %k1
  kmovw %k1, %r9d
  testb $\elements, %r9b
.endm

.macro fsan_loop_entry name, is_read, has_context
  .globl __fsan_call_\name
  .type __fsan_call_\name, @function
  .p2align 4
__fsan_call_\name:
  .cfi_startproc
  movabsq $0x7ffffffffff0, %rcx
  movq __fsan_shadow_base(%rip), %rax
  leaq (%rax,%rdi,2), %rdx
  andq %rcx, %rdx
  leaq -1(%rdi,%rsi), %r8
  leaq (%rax,%r8,2), %r8
  andq %rcx, %r8
  .cfi_endproc
  .size __fsan_call_\name, . - __fsan_call_\name

  .globl __fsan_check_\name
  .type __fsan_check_\name, @function
__fsan_check_\name:
  .cfi_startproc
  cmpb $0, _ZN8fibersan20main_thread_is_aloneE(%rip)
  jne .Ldone\@
  andq $-16, %rdx
  andq $-16, %r8
  cmpq %r8, %rdx
  cmovaq %r8, %rdx
# Is it the first cell of all? Then r9 = the bytes before the address.
  movl %edi, %ecx
  andl $7, %ecx
  leaq -1(%rcx,%rsi), %rax
  andq $-8, %rax
  leaq (%rdx,%rax,2), %rax
  xorl %r9d, %r9d
  cmpq %r8, %rax
  jne .Lnext\@
  notl %r9d
  shll %cl, %r9d
  notl %r9d
.Lnext\@:
  cmpq %rdx, %r8
  je .Llast\@
  fsan_test_slot 8*\is_read, \is_read, %r9
  je .Lwhole\@
  fsan_test_slot 8-8*\is_read, \is_read, %r9
  jne .Lmiss\@
.Lwhole\@:
  addq $16, %rdx
  movq %fs:__fsan_running@tpoff, %rcx
  movb $-1, %cl
  movq %rcx, %rax
  .if \is_read
    btsq $63, %rax
  .endif
  leaq 256(%rdx), %r9
  cmpq %r8, %r9
  ja .Lblocks\@
  cmpb $0, __fsan_loop_vectors(%rip)
  je .Lblocks\@
  vpbroadcastq %rcx, %ymm18
  vpbroadcastq %rax, %ymm19
.Lvectors\@:
  fsan_test_vectors %ymm18, 5
  jne .Lvectors_of_others\@
  addq $256, %rdx
  leaq 256(%rdx), %r9
  cmpq %r8, %r9
  jbe .Lvectors\@
  jmp .Lblocks\@
.Lvectors_of_others\@:
  fsan_test_vectors %ymm19, 10
  jne .Lblocks\@
  addq $256, %rdx
  leaq 256(%rdx), %r9
  cmpq %r8, %r9
  jbe .Lvectors_of_others\@
.Lblocks\@:
  leaq 128(%rdx), %r9
  cmpq %r8, %r9
  ja .Lfew\@
  fsan_test_block %rcx, 0, .Lblock_of_others\@
  movq %r9, %rdx
  jmp .Lblocks\@
.Lblock_of_others\@:
  fsan_test_block %rax, 8, .Lcells\@
  movq %r9, %rdx
  jmp .Lblocks\@
# Up to r9 one by one, in either slot.
.Lfew\@:
  movq %r8, %r9
  jmp .Lcells\@
.Lcell\@:
  cmpq %rcx, (%rdx)
  je .Lcovered\@
  cmpq %rax, 8(%rdx)
  je .Lcovered\@
  .if \is_read
    cmpq %rcx, 8(%rdx)
    je .Lcovered\@
    cmpq %rax, (%rdx)
    je .Lcovered\@
  .endif
  jmp .Lmiss\@
.Lcovered\@:
  addq $16, %rdx
.Lcells\@:
  cmpq %r9, %rdx
  jne .Lcell\@
  cmpq %r8, %rdx
  jne .Lblocks\@
  xorl %r9d, %r9d
# No bytes behind the end.
.Llast\@:
  leal -1(%rdi,%rsi), %ecx
  andl $7, %ecx
  movl $0xfe, %eax
  shll %cl, %eax
  movzbl %al, %eax
  orl %eax, %r9d
  fsan_test_slot 8*\is_read, \is_read, %r9
  je .Ldone\@
  fsan_test_slot 8-8*\is_read, \is_read, %r9
  jne .Lmiss\@
.Ldone\@:
  .if \has_context
    ret $8
  .else
    ret
  .endif
.Lmiss\@:
  movq %rdi, -16(%rsp)
  movq %rsi, -24(%rsp)
  jmp __fsan_missed_\name
  .cfi_endproc
  .size __fsan_check_\name, . - __fsan_check_\name
.endm

  fsan_loop_entry read_loop, 1, 1
  fsan_loop_entry read_loop_leaf, 1, 0
  fsan_loop_entry write_loop, 0, 1
  fsan_loop_entry write_loop_leaf, 0, 0
)");
