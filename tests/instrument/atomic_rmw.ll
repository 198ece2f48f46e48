; Each operation of atomicrmw that the hook knows, by its number in hooks.h.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define void @operations(
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 0, i32 0, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 1, i32 2, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 2, i32 3, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 3, i32 4, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 4, i32 5, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 5, i32 5, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 6, i32 5, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 7, i32 5, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 8, i32 5, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 9, i32 5, i64 %context)
; CHECK: call i32 @__fsan_atomic32_rmw(ptr %p, i32 1, i32 10, i32 5, i64 %context)
; CHECK-NOT: atomicrmw
define void @operations(ptr %p) {
  %1 = atomicrmw xchg ptr %p, i32 1 monotonic, align 4
  %2 = atomicrmw add ptr %p, i32 1 acquire, align 4
  %3 = atomicrmw sub ptr %p, i32 1 release, align 4
  %4 = atomicrmw and ptr %p, i32 1 acq_rel, align 4
  %5 = atomicrmw nand ptr %p, i32 1 seq_cst, align 4
  %6 = atomicrmw or ptr %p, i32 1 seq_cst, align 4
  %7 = atomicrmw xor ptr %p, i32 1 seq_cst, align 4
  %8 = atomicrmw max ptr %p, i32 1 seq_cst, align 4
  %9 = atomicrmw min ptr %p, i32 1 seq_cst, align 4
  %10 = atomicrmw umax ptr %p, i32 1 seq_cst, align 4
  %11 = atomicrmw umin ptr %p, i32 1 seq_cst, align 4
  ret void
}
; CHECK-LABEL: define void @sizes(
; CHECK: call zeroext i8 @__fsan_atomic8_rmw(
; CHECK: call zeroext i16 @__fsan_atomic16_rmw(
; CHECK: call i64 @__fsan_atomic64_rmw(
; CHECK: call i128 @__fsan_atomic128_rmw(
define void @sizes(ptr %p) {
  %1 = atomicrmw add ptr %p, i8 1 seq_cst, align 1
  %2 = atomicrmw add ptr %p, i16 1 seq_cst, align 2
  %3 = atomicrmw add ptr %p, i64 1 seq_cst, align 8
  %4 = atomicrmw add ptr %p, i128 1 seq_cst, align 16
  ret void
}
