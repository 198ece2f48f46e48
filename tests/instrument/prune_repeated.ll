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

declare void @llvm.masked.store.v4i32.p0(<4 x i32>, ptr, i32, <4 x i1>)
; Whatever the mask: the whole was checked before.
; REPEATED-LABEL: define void @masked_after_whole(
; REPEATED: call preserve_mostcc void @__fsan_write16(ptr %p,
; REPEATED-NOT: call preserve_mostcc
; REPEATED: ret void
define void @masked_after_whole(ptr %p, <4 x i32> %v, <4 x i1> %m) {
  store <4 x i32> %v, ptr %p, align 16
  call void @llvm.masked.store.v4i32.p0(<4 x i32> %v, ptr %p, i32 16, <4 x i1> %m)
  ret void
}
; What is under a mask may not have happened: its check stands for no other.
; REPEATED-LABEL: define void @whole_after_masked(
; REPEATED: call void @llvm.masked.store
; REPEATED-NEXT: call preserve_mostcc void @__fsan_write16(ptr %p,
; REPEATED-NEXT: store <4 x i32>
define void @whole_after_masked(ptr %p, <4 x i32> %v, <4 x i1> %m) {
  call void @llvm.masked.store.v4i32.p0(<4 x i32> %v, ptr %p, i32 16, <4 x i1> %m)
  store <4 x i32> %v, ptr %p, align 16
  ret void
}
; CHECK-LABEL: define void @masked_twice(
; CHECK: br i1
; CHECK: call void @llvm.masked.store
; CHECK: br i1
; CHECK: call void @llvm.masked.store
define void @masked_twice(ptr %p, <4 x i32> %v, <4 x i1> %m, <4 x i1> %n) {
  call void @llvm.masked.store.v4i32.p0(<4 x i32> %v, ptr %p, i32 16, <4 x i1> %m)
  call void @llvm.masked.store.v4i32.p0(<4 x i32> %v, ptr %p, i32 16, <4 x i1> %n)
  ret void
}
