; The machine code of a hit, instruction by instruction: its budget. Thunks are in a section of their own.
; RUN: %opt_fsan -fibersan-hot-percent=0 %s | llc-19 -mtriple=x86_64-linux-gnu -O2 -frame-pointer=all -filetype=obj -o %t.o
; RUN: llvm-objdump-19 -dr --no-show-raw-insn --no-leading-addr %t.o | grep -v R_X86_64 | FileCheck %s
; RUN: llvm-objdump-19 -dr -j .text.fibersan --no-show-raw-insn --no-leading-addr %t.o | FileCheck %s --check-prefix=THUNKS

declare void @other()

; A write: two instructions for the stamp, four for the shadow address, two for the test.
; CHECK-LABEL: <write>:
; CHECK-NEXT: pushq %rbp
; CHECK-NEXT: movq %rsp, %rbp
; CHECK-NEXT: leaq (%rdi,%rdi), %[[TWICE:r[a-z0-9]+]]
; CHECK-NEXT: addq (%rip), %[[TWICE]]
; CHECK-NEXT: movq %fs:0x0, %[[T:r[a-z0-9]+]]
; CHECK-NEXT: movb $-0x1, %
; CHECK-NEXT: movabsq $0x7ffffffffff0, %[[SHADOW:r[a-z0-9]+]]
; CHECK-NEXT: andq %[[TWICE]], %[[SHADOW]]
; CHECK-NEXT: cmpq %[[T]], (%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movq $0x1, (%rdi)
; CHECK-NEXT: popq %rbp
; CHECK-NEXT: retq
define void @write(ptr %p) {
  store i64 1, ptr %p, align 8
  ret void
}
; Further accesses of the same object: a comparison each, reads two.
; CHECK-LABEL: <fields>:
; CHECK: cmpq %[[T:r[a-z0-9]+]], (%[[SHADOW:r[a-z0-9]+]])
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movb $0x1, (%rdi)
; CHECK-NEXT: cmpq %[[T]], 0x10(%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movw $0x1, 0x8(%rdi)
; CHECK-NEXT: cmpq %[[T]], 0x20(%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movl $0x1, 0x10(%rdi)
; CHECK-NEXT: movq %[[T]], %[[READ:r[a-z0-9]+]]
; CHECK-NEXT: btsq $0x3f, %[[READ]]
; CHECK-NEXT: cmpq %[[T]], 0x30(%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %[[READ]], 0x38(%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movl 0x18(%rdi), %e
; CHECK-NEXT: cmpq %[[T]], 0x40(%[[SHADOW]])
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %[[T]], 0x50(%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: cmpq %[[READ]], 0x48(%[[SHADOW]])
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %[[READ]], 0x58(%[[SHADOW]])
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK-NEXT: movups 0x20(%rdi), %xmm0
; CHECK-NEXT: popq %rbp
; CHECK-NEXT: retq
define <4 x float> @fields(ptr %p, ptr %q) {
  store i8 1, ptr %p, align 8
  %p1 = getelementptr i8, ptr %p, i64 8
  store i16 1, ptr %p1, align 8
  %p2 = getelementptr i8, ptr %p, i64 16
  store i32 1, ptr %p2, align 8
  %p3 = getelementptr i8, ptr %p, i64 24
  %a = load volatile i32, ptr %p3, align 8
  %p4 = getelementptr i8, ptr %p, i64 32
  %b = load <4 x float>, ptr %p4, align 8
  ret <4 x float> %b
}
; Nothing of the thread is kept across a call; the context's slot is in the frame.
; CHECK-LABEL: <twice>:
; CHECK: movq %fs:0x0, %
; CHECK: callq
; CHECK: movq %fs:0x0, %
; CHECK: retq
define void @twice(ptr %p, ptr %q) {
  store i64 1, ptr %p, align 8
  call void @other()
  store i64 1, ptr %q, align 8
  ret void
}
; The checks of two accesses are never merged: their places tell them apart.
; CHECK-LABEL: <either>:
; CHECK: cmpq
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK: cmpq
; CHECK-NEXT: je
; CHECK-NEXT: callq
; CHECK: retq
define void @either(ptr %p, i1 %c) {
  br i1 %c, label %a, label %b
a:
  store i64 1, ptr %p, align 8
  br label %done
b:
  store i64 2, ptr %p, align 8
  br label %done
done:
  ret void
}
; Vectors stay in their registers: the thunks keep all of them.
; CHECK-LABEL: <sum>:
; CHECK-NOT: movaps %xmm{{.*}}(%rsp)
; CHECK-NOT: movaps %xmm{{.*}}(%rbp)
; CHECK: retq
define <4 x float> @sum(ptr %p, i64 %n) {
entry:
  br label %body
body:
  %i = phi i64 [ 0, %entry ], [ %i1, %body ]
  %sum = phi <4 x float> [ zeroinitializer, %entry ], [ %sum1, %body ]
  %product = phi <4 x float> [ zeroinitializer, %entry ], [ %product1, %body ]
  %at = getelementptr inbounds <4 x float>, ptr %p, i64 %i
  %v = load <4 x float>, ptr %at, align 16
  %sum1 = fadd <4 x float> %sum, %v
  %product1 = fmul <4 x float> %product, %v
  %i1 = add nuw nsw i64 %i, 1
  %c = icmp eq i64 %i1, %n
  br i1 %c, label %done, label %body
done:
  %r = fadd <4 x float> %sum1, %product1
  ret <4 x float> %r
}
; Accesses of one size at one address share a thunk, with the same place of the context.
; CHECK-LABEL: <shares>:
; CHECK: callq
; CHECK: retq
define void @shares(ptr %p) {
  store i64 1, ptr %p, align 8
  ret void
}
; THUNKS: movq %rdi, -0x10(%rsp)
; THUNKS-NEXT: leaq (%rdi), %rdi
; THUNKS-NEXT: jmp
; THUNKS-NEXT: R_X86_64_PLT32 __fsan_check_write8_leaf-0x4
; THUNKS-NOT: __fsan_check_write8_leaf-0x4
; THUNKS: popq -0x18(%rsp)
; THUNKS-NEXT: pushq {{.*}}(%rbp)
; THUNKS-NEXT: pushq -0x10(%rsp)
; THUNKS-NEXT: jmp
; THUNKS-NEXT: R_X86_64_PLT32 __fsan_check_write8-0x4
