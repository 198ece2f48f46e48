; An atomic that orders only against signal handlers is a plain access to other fibers.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

; CHECK-LABEL: define i32 @load(
; CHECK-NOT: @__fsan_atomic
; CHECK: @__fsan_read4(ptr %p,
; CHECK-NEXT: load atomic i32, ptr %p syncscope("singlethread")
define i32 @load(ptr %p) {
  %v = load atomic i32, ptr %p syncscope("singlethread") seq_cst, align 4
  ret i32 %v
}
; CHECK-LABEL: define i32 @add(
; CHECK: @__fsan_write4(ptr %p,
; CHECK-NEXT: atomicrmw add ptr %p, i32 1 syncscope("singlethread")
define i32 @add(ptr %p) {
  %v = atomicrmw add ptr %p, i32 1 syncscope("singlethread") seq_cst, align 4
  ret i32 %v
}
; CHECK-LABEL: define i32 @between_threads(
; CHECK: @__fsan_atomic32_load(
define i32 @between_threads(ptr %p) {
  %v = load atomic i32, ptr %p seq_cst, align 4
  ret i32 %v
}
