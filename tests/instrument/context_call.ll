; Before a call the context is mixed with the call site's id, before a return it is put back.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare void @other()
declare void @llvm.assume(i1)
declare double @llvm.sqrt.f64(double)
declare i32 @pure(i32) memory(none)

; CHECK-LABEL: define void @two_calls(
; CHECK: %context = call i64 asm "movq %fs:__fsan_running@tpoff+8, $0", "=r,~{memory}"()
; CHECK-NEXT: %[[M:.*]] = mul i64 %context, -7046029254386353131
; CHECK-NEXT: %[[MIXED:.*]] = call i64 @llvm.fshl.i64(i64 %[[M]], i64 %[[M]], i64 23)
; CHECK-NEXT: %[[R:.*]] = add i64 %[[MIXED]], [[SITE:[0-9]+]]
; CHECK-NEXT: call void asm sideeffect "movq $0, %fs:__fsan_running@tpoff+8", "r,~{memory}"(i64 %[[R]])
; CHECK-NEXT: call void @other()
; CHECK-NOT: add i64 %[[MIXED]], [[SITE]]{{$}}
; CHECK: add i64 %[[MIXED]],
; CHECK: call void @other()
; CHECK-NEXT: call void asm sideeffect "movq $0, %fs:__fsan_running@tpoff+8", "r,~{memory}"(i64 %context)
; CHECK-NEXT: ret void
define void @two_calls() {
  call void @other()
  call void @other()
  ret void
}
; Every return puts it back.
; CHECK-LABEL: define i32 @two_returns(
; CHECK: (i64 %context)
; CHECK-NEXT: ret i32 0
; CHECK: (i64 %context)
; CHECK-NEXT: ret i32 1
define i32 @two_returns(i1 %c) {
  call void @other()
  br i1 %c, label %yes, label %no
yes:
  ret i32 0
no:
  ret i32 1
}
; CHECK-LABEL: define void @indirect(
; CHECK: asm sideeffect "movq $0, %fs:
; CHECK-NEXT: call void %f()
define void @indirect(ptr %f) {
  call void %f()
  ret void
}
; Nothing to tell to intrinsics, to what touches no memory, and to inline assembly.
; CHECK-LABEL: define double @no_context(
; CHECK-NOT: __fsan_running
; CHECK: ret double
define double @no_context(double %x) {
  call void @llvm.assume(i1 true)
  %a = call i32 @pure(i32 1)
  call void asm sideeffect "nop", ""()
  %r = call double @llvm.sqrt.f64(double %x)
  ret double %r
}
; A leaf only needs its own value, for the hooks.
; CHECK-LABEL: define i32 @leaf(
; CHECK: %context = call i64 asm
; CHECK-NOT: asm sideeffect
; CHECK: ret i32
define i32 @leaf(ptr %p) {
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
