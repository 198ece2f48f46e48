; The machine code of the check of a loop's range, instruction by instruction: its budget.
; RUN: %opt_fsan %s | llc-19 -mtriple=x86_64-linux-gnu -O2 -frame-pointer=all -filetype=obj -o %t.o
; RUN: llvm-objdump-19 -dr --no-show-raw-insn --no-leading-addr %t.o | grep -v R_X86_64 | FileCheck %s

; Addresses of the first and the last cell, seven instructions; each pair of cells six.
; CHECK-LABEL: <fill>:
; CHECK-NEXT: pushq %rbp
; CHECK-NEXT: movq %rsp, %rbp
; CHECK-NEXT: movq %rsi, %[[N:r[0-9]+]]
; CHECK-NEXT: movq (%rip), %[[BASE:r[a-z0-9]+]]
; CHECK-NEXT: leaq (,%rsi,4), %rsi
; CHECK-NEXT: movq %fs:0x0, %[[T:r[a-z0-9]+]]
; CHECK-NEXT: movb $-0x1, %
; CHECK-NEXT: leaq (%[[BASE]],%rdi,2), %rdx
; CHECK-NEXT: movabsq $0x7ffffffffff0, %[[MASK:r[a-z0-9]+]]
; CHECK-NEXT: andq %[[MASK]], %rdx
; CHECK-NEXT: leaq (%rdi,%[[N]],4), %r8
; CHECK-NEXT: leaq -0x2(%[[BASE]],%r8,2), %r8
; CHECK-NEXT: andq %[[MASK]], %r8
; CHECK-NEXT: cmpq %rdx, %r8
; CHECK-NEXT: je
; CHECK-NEXT: leaq -0x400(%r8), %rcx
; CHECK-NEXT: cmpq %rcx, %rdx
; CHECK-NEXT: jb
; CHECK-NEXT: cmpq %[[T]], (%rdx)
; CHECK-NEXT: jne
; CHECK-NEXT: cmpq %[[T]], 0x10(%rdx)
; CHECK-NEXT: jne
; CHECK-NEXT: addq $0x20, %rdx
; CHECK-NEXT: cmpq %r8, %rdx
; CHECK-NEXT: jb
; CHECK-NEXT: cmpq %[[T]], (%r8)
; CHECK-NEXT: jne {{.*}} <fibersan.module_ctor
; CHECK-NOT: cmpq
; CHECK: retq
define void @fill(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; A read looks where the first cell has the stamp.
; CHECK-LABEL: <sum>:
; CHECK: andq %{{.*}}, %r8
; CHECK-NEXT: movq %{{.*}}, %rax
; CHECK-NEXT: cmpq %rax, (%rdx)
; CHECK-NEXT: je
; CHECK-NEXT: btsq $0x3f, %rax
; CHECK-NEXT: addq $0x8, %rdx
; CHECK-NEXT: addq $0x8, %r8
; CHECK-NEXT: cmpq %rdx, %r8
; CHECK-NEXT: je
; CHECK: cmpq %rax, (%r8)
; CHECK-NEXT: jne {{.*}} <fibersan.module_ctor
; CHECK-NOT: cmpq
; CHECK: retq
define i32 @sum(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %added, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %v = load i32, ptr %p, align 4
  %added = add i32 %sum, %v
  %next = add nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret i32 %added
}

; CHECK-LABEL: <fibersan.module_ctor>:
; CHECK: retq
; CHECK-NEXT: callq
; CHECK-NEXT: jmp {{.*}} <fill+
; CHECK-NEXT: callq
; CHECK-NEXT: jmp {{.*}} <sum+
; In a cold function: one call.
; CHECK-LABEL: <cold>:
; CHECK-NOT: cmpq
; CHECK: callq
; CHECK: retq
define void @cold(ptr %a, i64 %n) cold {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
