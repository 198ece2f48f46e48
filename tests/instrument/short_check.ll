; In code that is not run often a check is one call, with no shadow address or stamp before it.
; RUN: %opt_fsan -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s --check-prefix=INLINE

declare void @other()

; CHECK-LABEL: define void @branches(
; CHECK: rare:
; CHECK-NEXT: call void asm sideeffect alignstack "\09leaq $0, %rdi\0A\09pushq $1\0A\09callq __fsan_call_write4\0A", "*m,*m,~{rdi},~{rax},~{rcx},~{dirflag},~{fpsr},~{flags}"(ptr nocapture readnone elementtype(i64) %p, ptr nocapture readonly elementtype(i64) %context.slot)
; CHECK-NEXT: store i32 1, ptr %p
; CHECK: often:
; CHECK: asm sideeffect alignstack "\09cmpq $1, $0
; CHECK-SAME: __fsan_check_write4
; CHECK-NEXT: store i32 1, ptr %q
; INLINE-LABEL: define void @branches(
; INLINE-NOT: __fsan_call_
; INLINE: ret void
define void @branches(ptr %p, ptr %q, i1 %c) {
  br i1 %c, label %rare, label %often, !prof !0
rare:
  store i32 1, ptr %p, align 4
  call void @other()
  br label %done
often:
  store i32 1, ptr %q, align 4
  br label %done
done:
  ret void
}
; In a loop it is hot.
; CHECK-LABEL: define void @loop(
; CHECK: asm sideeffect alignstack "\09cmpq $1, $0
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
!0 = !{!"branch_weights", i32 1, i32 100}
