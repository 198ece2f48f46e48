; The caller reads what it passes by value; the copy is the callee's own.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

%large = type { [4 x i64] }
declare void @publish(ptr)

; CHECK-LABEL: define i64 @callee(
; CHECK-NOT: @__fsan_
; CHECK: ret i64
define i64 @callee(ptr byval(%large) align 8 %copy) {
  %v = load i64, ptr %copy, align 8
  ret i64 %v
}
; CHECK-LABEL: define i64 @gives_copy_away(
; CHECK: @__fsan_read8(ptr %copy,
define i64 @gives_copy_away(ptr byval(%large) align 8 %copy) {
  call void @publish(ptr %copy)
  %v = load i64, ptr %copy, align 8
  ret i64 %v
}
; CHECK-LABEL: define i64 @caller(
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %p, i64 32, i64 %context)
; CHECK: call i64 @callee(
define i64 @caller(ptr %p) {
  %v = call i64 @callee(ptr byval(%large) align 8 %p)
  ret i64 %v
}
