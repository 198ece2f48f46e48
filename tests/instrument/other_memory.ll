; Other address spaces, swifterror values and counters of profiles are left alone.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@__profc_f = private global [1 x i64] zeroinitializer, section "__llvm_prf_cnts"
@__llvm_gcov_ctr = internal global [1 x i64] zeroinitializer
@counter = internal global [1 x i64] zeroinitializer

; CHECK-LABEL: define i32 @segment(
; CHECK-NOT: @__fsan_
; CHECK: ret i32
define i32 @segment(ptr addrspace(257) %p) {
  %v = load i32, ptr addrspace(257) %p, align 4
  ret i32 %v
}
; CHECK-LABEL: define ptr @error(
; CHECK-NOT: @__fsan_
; CHECK: ret ptr
define ptr @error(ptr swifterror %e) {
  %v = load ptr, ptr %e, align 8
  ret ptr %v
}
; CHECK-LABEL: define void @profile(
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @profile() {
  store i64 1, ptr @__profc_f, align 8
  store i64 1, ptr @__llvm_gcov_ctr, align 8
  ret void
}
; CHECK-LABEL: define void @user(
; CHECK: @__fsan_write8(ptr @counter,
define void @user() {
  store i64 1, ptr @counter, align 8
  ret void
}
