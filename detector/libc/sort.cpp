// sort.cpp: qsort, qsort_r and bsearch, whose comparisons are the user's code.
//
// The C library has no frame pointers: a walk from within a comparison would end there. So it calls
// the comparison through a frame that links to the twin's own, which costs a few instructions and
// keeps nothing anywhere: a comparison may wait while others sort, throw, or jump away.
#include <cstdlib>

#include "detector/libc/twin.h"

namespace fibersan {
namespace {

using Compare = int (*)(const void*, const void*);
using CompareWith = int (*)(const void*, const void*, void*);

// Known to the assembly below.
struct Sorting {
  const void* compare;  // of either type: one that takes two arguments looks at no third
  void* argument;
  void* frame;  // of the twin: rbp, behind which the return address lies
};
static_assert(offsetof(Sorting, argument) == 8 && offsetof(Sorting, frame) == 16);

}  // namespace

// What the C library calls; its name is what stacks show. The twin's frame, pushed below the return
// address, makes the two a frame whose caller is the twin's caller. The library's own rbp lies
// below them.
extern "C" int __fsan_libc_qsort_callback(const void* a, const void* b, void* sorting);
asm(R"(
  .pushsection .text
  .hidden __fsan_libc_qsort_callback
  .globl __fsan_libc_qsort_callback
  .type __fsan_libc_qsort_callback, @function
__fsan_libc_qsort_callback:
  .cfi_startproc
  endbr64
  pushq 16(%rdx)
  .cfi_adjust_cfa_offset 8
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_rel_offset %rbp, 0
  leaq 8(%rsp), %rbp
  .cfi_def_cfa %rbp, 16
  subq $8, %rsp
  movq (%rdx), %rax
  movq 8(%rdx), %rdx
  callq *%rax
  addq $8, %rsp
  popq %rbp
  .cfi_restore %rbp
  .cfi_def_cfa %rsp, 16
  addq $8, %rsp
  .cfi_adjust_cfa_offset -8
  retq
  .cfi_endproc
  .size __fsan_libc_qsort_callback, . - __fsan_libc_qsort_callback
  .popsection
)");

FIBERSAN_TWIN(void, qsort_r, void* first, size_t count, size_t size, CompareWith compare,
              void* argument) {
  if (count > 1) check_write(first, count * size);
  Sorting sorting{reinterpret_cast<const void*>(compare), argument, __builtin_frame_address(0)};
  qsort_r(first, count, size, __fsan_libc_qsort_callback, &sorting);
}
FIBERSAN_TWIN(void, qsort, void* first, size_t count, size_t size, Compare compare) {
  if (count > 1) check_write(first, count * size);
  Sorting sorting{reinterpret_cast<const void*>(compare), nullptr, __builtin_frame_address(0)};
  qsort_r(first, count, size, __fsan_libc_qsort_callback, &sorting);
}

// Reads nothing itself. Halves as the C library does, which decides what is found among equals.
FIBERSAN_TWIN(void*, bsearch, const void* wanted, const void* first, size_t count, size_t size,
              Compare compare) {
  auto* begin = static_cast<const char*>(first);
  while (count > 0) {
    const size_t half = count / 2;
    const char* middle = begin + half * size;
    const int order = compare(wanted, middle);
    if (order == 0) return const_cast<char*>(middle);
    if (order > 0) begin = middle + size;
    count = order > 0 ? count - half - 1 : half;
  }
  return nullptr;
}

}  // namespace fibersan
