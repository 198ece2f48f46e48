; In code that is not run often a check is one call, with no shadow address or stamp before it.
; RUN: %opt_fsan -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s --check-prefix=INLINE
; RUN: %opt_fsan -fibersan-hot-percent=50 -S %s | FileCheck %s --check-prefix=COMMON
; RUN: %opt_fsan -S %s | FileCheck %s --check-prefix=TAIL

declare void @other()

; CHECK-LABEL: define void @branches(
; CHECK: rare:
; CHECK: call { i64, i64 } asm sideeffect alignstack "\09callq \22.L__fsan_test_write4 $3 8($2)\22\0A1:\0A{{.*}}leaq 16($2,$2), %r10\0A{{.*}}", "=&{r10},=&{r11},r,*m,~{flags}"(ptr nocapture readnone %p, ptr nocapture readonly elementtype(i64) %context.slot)
; CHECK-NEXT: store i32 1, ptr %at
; CHECK: often:
; CHECK-NEXT: call { i64, i64 } asm sideeffect alignstack "\09callq \22.L__fsan_test_write4 $3 ($2)\22
; COMMON-LABEL: define void @branches(
; COMMON: rare:
; COMMON: call { i64, i64 } asm sideeffect alignstack "\09callq \22.L__fsan_test_write4
; COMMON: often:
; COMMON: asm sideeffect alignstack "\09cmpq $1, ${0}
; COMMON-SAME: __fsan_check_write4
; COMMON-NEXT: store i32 1, ptr %q
; INLINE-LABEL: define void @branches(
; INLINE-NOT: __fsan_test_
; INLINE: ret void
define void @branches(ptr %p, ptr %q, i1 %c) {
  br i1 %c, label %rare, label %often, !prof !0
rare:
  %at = getelementptr i8, ptr %p, i64 8
  store i32 1, ptr %at, align 4
  call void @other()
  br label %done
often:
  store i32 1, ptr %q, align 4
  br label %done
done:
  ret void
}
; The test is defined at the entry of functions that have such checks, in a group of which the linker keeps one: a hit returns from there, what
; misses passes the context on. A write is looked for in slot 0 first, with all bytes, then with its own.
; TAIL: asm sideeffect "\09.ifndef \22__fsan_test_write4 $0\22
; TAIL-SAME: .pushsection .text.fibersan,\22axG\22,@progbits,\22__fsan_test_write4 $0\22,comdat\0A\09.weak \22__fsan_test_write4 $0\22\0A\09.hidden \22__fsan_test_write4 $0\22
; TAIL-SAME: movq %fs:__fsan_running@tpoff, %r10\0A\09movb $$-1, %r10b\0A\09cmpq %r10, (%r11)\0A\09jne 1f\0A2:\09retq\0A1:
; TAIL-SAME: movl $$240, %eax\0A\09rolb %cl, %al\0A\09movzbl %al, %ecx\0A
; TAIL-SAME: movq (%r11), %rax\0A\09orq %rcx, %rax\0A\09cmpq %r10, %rax\0A\09je 3f\0A
; TAIL-SAME: movq 8(%r11), %rax\0A\09orq %rcx, %rax\0A\09cmpq %r10, %rax\0A\09je 3f\0A
; TAIL-SAME: popq -24(%rsp){{.*}}pushq $0{{.*}}jmp __fsan_missed_write4\0A
; TAIL: callq \22.L__fsan_test_write4 $3 8($2)\22{{.*}}jmp \22__fsan_test_write4 $3\22\0A\09.cfi_endproc
; In a loop it is hot, and in a function that calls itself.
; CHECK-LABEL: define void @loop(
; CHECK: asm sideeffect alignstack "\09cmpq $1, ${0}
define void @loop(ptr %p, i32 %n) {
entry:
  br label %body
body:
  %i = phi i32 [ 0, %entry ], [ %i1, %body ]
  %at = getelementptr i64, ptr %p, i32 %i
  store volatile i64 1, ptr %at, align 8
  %i1 = add i32 %i, 1
  %c = icmp eq i32 %i1, %n
  br i1 %c, label %done, label %body
done:
  ret void
}
; CHECK-LABEL: define void @recursive(
; CHECK: asm sideeffect alignstack "\09cmpq $1, ${0}
; CHECK: call void @recursive(
define void @recursive(ptr %p, i1 %c) {
  store i64 1, ptr %p, align 8
  br i1 %c, label %more, label %done
more:
  %next = load ptr, ptr %p, align 8
  call void @recursive(ptr %next, i1 %c)
  br label %done
done:
  ret void
}
!0 = !{!"branch_weights", i32 1, i32 100}
