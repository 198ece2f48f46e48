; Nobody writes constants, tables of virtual functions and what is loaded as invariant.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@constant = constant [2 x i32] [i32 1, i32 2]
@variable = global [2 x i32] [i32 1, i32 2]
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
@string = private unnamed_addr constant [3 x i8] c"ab\00"

; CHECK-LABEL: define i32 @from_constant(
; CHECK-NOT: @__fsan_
; CHECK: ret i32
define i32 @from_constant(i64 %i) {
  %at = getelementptr [2 x i32], ptr @constant, i64 0, i64 %i
  %v = load i32, ptr %at, align 4
  ret i32 %v
}
; Declared, and written by the C library alone.
@__libc_single_threaded = external global i8, align 1
; CHECK-LABEL: define i8 @from_libc(
; CHECK-NOT: @__fsan_
; CHECK: ret i8
define i8 @from_libc() {
  %v = load i8, ptr @__libc_single_threaded, align 1
  ret i8 %v
}
; CHECK-LABEL: define i32 @from_variable(
; CHECK: @__fsan_read4(
define i32 @from_variable(i64 %i) {
  %at = getelementptr [2 x i32], ptr @variable, i64 0, i64 %i
  %v = load i32, ptr %at, align 4
  ret i32 %v
}
; CHECK-LABEL: define void @from_string(
; CHECK-NOT: @__fsan_read
; CHECK: @__fsan_write_range(ptr %to, i64 3,
; CHECK-NOT: @__fsan_read
define void @from_string(ptr %to) {
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr @string, i64 3, i1 false)
  ret void
}
; The pointer to the table is a field of the object, the table is constant.
; CHECK-LABEL: define ptr @virtual_call(
; CHECK-NOT: @__fsan_read8(ptr %entry
; CHECK: @__fsan_read_vptr(ptr %object,
; CHECK-NOT: @__fsan_read8(ptr %entry
define ptr @virtual_call(ptr %object) {
  %table = load ptr, ptr %object, align 8, !tbaa !0
  %entry = getelementptr ptr, ptr %table, i64 2
  %function = load ptr, ptr %entry, align 8
  ret ptr %function
}
; CHECK-LABEL: define ptr @not_a_table(
; CHECK-DAG: @__fsan_read8(ptr %object,
; CHECK-DAG: @__fsan_read8(ptr %entry,
define ptr @not_a_table(ptr %object) {
  %table = load ptr, ptr %object, align 8, !tbaa !3
  %entry = getelementptr ptr, ptr %table, i64 2
  %function = load ptr, ptr %entry, align 8
  ret ptr %function
}
; CHECK-LABEL: define i32 @invariant(
; CHECK-NOT: @__fsan_
; CHECK: ret i32
define i32 @invariant(ptr %p) {
  %v = load i32, ptr %p, align 4, !invariant.load !6
  ret i32 %v
}
!0 = !{!1, !1, i64 0}
!1 = !{!"vtable pointer", !2, i64 0}
!2 = !{!"Simple C++ TBAA"}
!3 = !{!4, !4, i64 0}
!4 = !{!"any pointer", !5, i64 0}
!5 = !{!"omnipotent char", !2, i64 0}
!6 = !{}
