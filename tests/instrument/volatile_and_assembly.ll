; Volatile accesses are plain ones. What inline assembly does is its own affair.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

; CHECK-LABEL: define i32 @volatile(
; CHECK: @__fsan_read4(ptr %p,
; CHECK-NEXT: load volatile i32, ptr %p
define i32 @volatile(ptr %p) {
  %v = load volatile i32, ptr %p, align 4
  ret i32 %v
}
; CHECK-LABEL: define i32 @assembly(
; CHECK-NEXT: %v = call i32 asm
; CHECK-NEXT: ret i32 %v
define i32 @assembly(ptr %p) {
  %v = call i32 asm sideeffect "movl ($1), $0", "=r,r,~{memory}"(ptr %p)
  ret i32 %v
}
