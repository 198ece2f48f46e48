; Copies and fills are checked before they happen, both sides.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memcpy.inline.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i32(ptr, ptr, i32, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare void @llvm.memcpy.element.unordered.atomic.p0.p0.i64(ptr, ptr, i64, i32)

; CHECK-LABEL: define void @any_length(
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %q, i64 %n, i64 %context)
; CHECK-NEXT: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 %n, i64 %context)
; CHECK-NEXT: call void @llvm.memcpy
define void @any_length(ptr %p, ptr %q, i64 %n) {
  call void @llvm.memcpy.p0.p0.i64(ptr %p, ptr %q, i64 %n, i1 false)
  ret void
}
; CHECK-LABEL: define void @move(
; CHECK: %[[N:.*]] = zext i32 %n to i64
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %q, i64 %[[N]], i64 %context)
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 %{{.*}}, i64 %context)
; CHECK: call void @llvm.memmove
define void @move(ptr %p, ptr %q, i32 %n) {
  call void @llvm.memmove.p0.p0.i32(ptr %p, ptr %q, i32 %n, i1 false)
  ret void
}
; CHECK-LABEL: define void @fill(
; CHECK-NOT: @__fsan_read
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 %n, i64 %context)
; CHECK-NEXT: call void @llvm.memset
define void @fill(ptr %p, i64 %n) {
  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 %n, i1 false)
  ret void
}
; A length that is known now.
; CHECK-LABEL: define void @short(
; CHECK: call preserve_mostcc void @__fsan_write16(ptr %p, i64 %context)
; CHECK: call void @llvm.memset
define void @short(ptr %p) {
  call void @llvm.memset.p0.i64(ptr align 16 %p, i8 0, i64 16, i1 false)
  ret void
}
; CHECK-LABEL: define void @long(
; CHECK-NOT: br
; CHECK-DAG: call preserve_mostcc void @__fsan_read_range(ptr %q, i64 100, i64 %context)
; CHECK-DAG: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 100, i64 %context)
; CHECK: call void @llvm.memcpy.inline
define void @long(ptr %p, ptr %q) {
  call void @llvm.memcpy.inline.p0.p0.i64(ptr %p, ptr %q, i64 100, i1 false)
  ret void
}
; CHECK-LABEL: define void @nothing(
; CHECK-NEXT: call void @llvm.memset
define void @nothing(ptr %p) {
  call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 0, i1 false)
  ret void
}
; CHECK-LABEL: define void @elements(
; CHECK: @__fsan_read_range(ptr %q, i64 %n,
; CHECK: @__fsan_write_range(ptr %p, i64 %n,
define void @elements(ptr %p, ptr %q, i64 %n) {
  call void @llvm.memcpy.element.unordered.atomic.p0.p0.i64(ptr align 4 %p, ptr align 4 %q, i64 %n, i32 4)
  ret void
}
; Only the side that others may know.
; CHECK-LABEL: define i32 @into_local(
; CHECK: @__fsan_read_range(ptr %q, i64 %n,
; CHECK-NOT: @__fsan_write
; CHECK: ret i32
define i32 @into_local(ptr %q, i64 %n) {
  %x = alloca [8 x i32], align 4
  call void @llvm.memcpy.p0.p0.i64(ptr %x, ptr %q, i64 %n, i1 false)
  %v = load i32, ptr %x, align 4
  ret i32 %v
}
