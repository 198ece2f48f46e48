; Every naturally aligned size has its hook.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

; CHECK-LABEL: @size1(
; CHECK: call preserve_mostcc void @__fsan_read1(ptr %p, i64 %context)
define i8 @size1(ptr %p) {
  %v = load i8, ptr %p, align 1
  ret i8 %v
}
; CHECK-LABEL: @size2(
; CHECK: call preserve_mostcc void @__fsan_read2(ptr %p, i64 %context)
define i16 @size2(ptr %p) {
  %v = load i16, ptr %p, align 2
  ret i16 %v
}
; CHECK-LABEL: @size8(
; CHECK: call preserve_mostcc void @__fsan_read8(ptr %p, i64 %context)
define i64 @size8(ptr %p) {
  %v = load i64, ptr %p, align 8
  ret i64 %v
}
; CHECK-LABEL: @pointer(
; CHECK: call preserve_mostcc void @__fsan_write8(ptr %p, i64 %context)
define void @pointer(ptr %p, ptr %v) {
  store ptr %v, ptr %p, align 8
  ret void
}
; CHECK-LABEL: @real(
; CHECK: call preserve_mostcc void @__fsan_read4(ptr %p, i64 %context)
define float @real(ptr %p) {
  %v = load float, ptr %p, align 4
  ret float %v
}
; i1 occupies one byte.
; CHECK-LABEL: @bit(
; CHECK: call preserve_mostcc void @__fsan_write1(ptr %p, i64 %context)
define void @bit(ptr %p) {
  store i1 true, ptr %p, align 1
  ret void
}
; CHECK-LABEL: @size16(
; CHECK: call preserve_mostcc void @__fsan_write16(ptr %p, i64 %context)
define void @size16(ptr %p, i128 %v) {
  store i128 %v, ptr %p, align 16
  ret void
}
; Ten bytes: a whole cell and two bytes of the next one.
; CHECK-LABEL: @extended(
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %p, i64 10, i64 %context)
define x86_fp80 @extended(ptr %p) {
  %v = load x86_fp80, ptr %p, align 16
  ret x86_fp80 %v
}
