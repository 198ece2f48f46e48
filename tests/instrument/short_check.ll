; In code that is not run often a check is one call, with no shadow address or stamp before it.
; RUN: %opt_fsan -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s --check-prefix=INLINE
; RUN: %opt_fsan -fibersan-hot-percent=50 -S %s | FileCheck %s --check-prefix=COMMON
; RUN: %opt_fsan -S %s | FileCheck %s --check-prefix=TAIL

declare void @other()

; CHECK-LABEL: define void @branches(
; CHECK: rare:
; CHECK: call void asm sideeffect alignstack "\09callq \22.L__fsan_call_write4 8($0) $1\22\0A1:\0A{{.*}}leaq 8($0), %rdi\0A{{.*}}", "r,*m,~{dirflag},~{fpsr},~{flags}"(ptr nocapture readnone %p, ptr nocapture readonly elementtype(i64) %context.slot)
; CHECK-NEXT: store i32 1, ptr %at
; CHECK: often:
; CHECK-NEXT: call void asm sideeffect alignstack "\09callq \22.L__fsan_call_write4 ($0) $1\22
; COMMON-LABEL: define void @branches(
; COMMON: rare:
; COMMON: call void asm sideeffect alignstack "\09callq \22.L__fsan_call_write4
; COMMON: often:
; COMMON: asm sideeffect alignstack "\09cmpq $1, ${0}
; COMMON-SAME: __fsan_check_write4
; COMMON-NEXT: store i32 1, ptr %q
; INLINE-LABEL: define void @branches(
; INLINE-NOT: __fsan_call_
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
; With a context the full test is in the object file, once for all checks of that kind: a hit returns from there,
; what misses passes the context on. A write is looked for in slot 0 only.
; TAIL: jmp \22.L__fsan_call_write4 with $1\22\0A\09.ifndef \22.L__fsan_call_write4 with $1\22
; TAIL-SAME: leaq (%rdi,%rdi), %rcx{{.*}}movq %fs:__fsan_running@tpoff, %rax
; TAIL-SAME: cmpq %rax, (%rcx)\0A\09jne 3f\0A2:\0A\09movq -32(%rsp), %rax\0A\09movq -40(%rsp), %rcx\0A\09movq -24(%rsp), %rdi\0A\09retq\0A3:\0A\09movq -32(%rsp), %rax\0A\09movq -40(%rsp), %rcx\0A
; TAIL-SAME: popq -24(%rsp){{.*}}pushq $1{{.*}}jmp __fsan_check_write4\0A
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
