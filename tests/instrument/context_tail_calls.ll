; A musttail call replaces the frame: the callee gets our own context, nothing follows.
; RUN: %opt_fsan -S %s | FileCheck %s

declare i32 @target(ptr)
declare void @other()

; CHECK-LABEL: define i32 @must(
; CHECK: call void @other()
; CHECK-NEXT: call void asm sideeffect "movq $0, %fs:{{.*}}(i64 %context)
; CHECK-NEXT: %v = musttail call i32 @target(ptr %p)
; CHECK-NEXT: ret i32 %v
define i32 @must(ptr %p) {
  call void @other()
  %v = musttail call i32 @target(ptr %p)
  ret i32 %v
}
; A tail call that need not be one keeps its frame: the stack stays complete.
; CHECK-LABEL: define i32 @may(
; CHECK: %v = tail call i32 @target(ptr %p)
; CHECK-NEXT: call void asm sideeffect "movq $0, %fs:{{.*}}(i64 %context)
; CHECK-NEXT: ret i32 %v
define i32 @may(ptr %p) {
  %v = tail call i32 @target(ptr %p)
  ret i32 %v
}
