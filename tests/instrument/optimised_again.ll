; Link-time optimisation sees instrumented code once more: it may reuse a stamp up to the
; next call, never beyond it.
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | opt-19 -passes='default<O3>' -S | FileCheck %s

declare void @other()

; CHECK-LABEL: define {{.*}} @around_call(
; CHECK: call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}"
; CHECK: call void @other()
; CHECK: call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}"
; CHECK: ret void
define void @around_call(ptr %p, ptr %q) {
  store i64 1, ptr %p, align 8
  call void @other()
  store i64 2, ptr %q, align 8
  ret void
}
; The context is set before each call and put back after the last one.
; CHECK-LABEL: define {{.*}} @calls(
; CHECK: asm sideeffect "movq $0, %fs:
; CHECK-NEXT: call void @other()
; CHECK: asm sideeffect "movq $0, %fs:
; CHECK-NEXT: call void @other()
; CHECK-NEXT: tail call void asm sideeffect "movq $0, %fs:{{.*}}(i64 %context)
define void @calls() {
  call void @other()
  call void @other()
  ret void
}
