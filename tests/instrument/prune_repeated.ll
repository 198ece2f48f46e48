; A check is dropped for an equal or stronger one before it.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-calls-only -fibersan-without=later -S %s | FileCheck %s --check-prefix=REPEATED

; CHECK-LABEL: define void @twice(
; CHECK-COUNT-1: call preserve_mostcc void @__fsan_read4(
; CHECK-NOT: call preserve_mostcc
define void @twice(ptr %p) {
  %a = load volatile i32, ptr %p, align 4
  %b = load volatile i32, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define i32 @write_then_read(
; CHECK-NOT: @__fsan_read4
; CHECK: @__fsan_write4(
; CHECK-NOT: call preserve_mostcc
define i32 @write_then_read(ptr %p) {
  store i32 1, ptr %p, align 4
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
; A read before a write of the same bytes: one write check, at the write.
; CHECK-LABEL: define void @read_then_write(
; CHECK-NOT: call preserve_mostcc
; CHECK: load i32, ptr %p
; CHECK: @__fsan_write4(
; CHECK-NEXT: store i32
; CHECK-NOT: call preserve_mostcc
define void @read_then_write(ptr %p) {
  %v = load i32, ptr %p, align 4
  %w = add i32 %v, 1
  store i32 %w, ptr %p, align 4
  ret void
}
; Part of what is checked already, through another address computation.
; CHECK-LABEL: define i16 @part(
; CHECK: @__fsan_read8(ptr %p,
; CHECK-NOT: @__fsan_read2
define i16 @part(ptr %p) {
  %all = load volatile i64, ptr %p, align 8
  %at = getelementptr i8, ptr %p, i64 6
  %v = load i16, ptr %at, align 2
  ret i16 %v
}
; More than what is checked.
; REPEATED-LABEL: define i64 @more(
; REPEATED-DAG: @__fsan_read4(ptr %p,
; REPEATED-DAG: @__fsan_read8(ptr %p,
define i64 @more(ptr %p) {
  %low = load volatile i32, ptr %p, align 8
  %all = load i64, ptr %p, align 8
  ret i64 %all
}
; Neighbours, and addresses that need not be equal.
; CHECK-LABEL: define i32 @others(
; CHECK-DAG: @__fsan_read4(ptr %p,
; CHECK-DAG: @__fsan_read4(ptr %next,
; CHECK-DAG: @__fsan_read4(ptr %q,
define i32 @others(ptr %p, ptr %q) {
  %a = load i32, ptr %p, align 4
  %next = getelementptr i8, ptr %p, i64 4
  %b = load i32, ptr %next, align 4
  %c = load i32, ptr %q, align 4
  %d = add i32 %a, %b
  %e = add i32 %d, %c
  ret i32 %e
}
