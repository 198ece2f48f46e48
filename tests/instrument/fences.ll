; Fences between threads become hooks; those against signal handlers stay.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define void @threads(
; CHECK: call void @__fsan_atomic_fence(i32 2, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic_fence(i32 3, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic_fence(i32 4, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic_fence(i32 5, i64 %context)
; CHECK-NEXT: ret void
define void @threads() {
  fence acquire
  fence release
  fence acq_rel
  fence seq_cst
  ret void
}
; CHECK-LABEL: define void @signals(
; CHECK-NEXT: fence syncscope("singlethread") seq_cst
; CHECK-NEXT: ret void
define void @signals() {
  fence syncscope("singlethread") seq_cst
  ret void
}
