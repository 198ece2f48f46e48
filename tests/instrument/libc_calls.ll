; Functions of the C library that have a checked twin are replaced by it: calls, invokes,
; addresses, and in initialisers of variables.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK: @table = global [2 x ptr] [ptr @__fsan_libc_strlen, ptr @__fsan_libc_strcmp]
@table = global [2 x ptr] [ptr @strlen, ptr @strcmp]
; What the linker must keep is kept by its own name.
; CHECK: @llvm.used = appending global [1 x ptr] [ptr @puts], section "llvm.metadata"
@llvm.used = appending global [1 x ptr] [ptr @puts], section "llvm.metadata"

declare i64 @strlen(ptr nocapture) #0
declare i32 @strcmp(ptr, ptr)
declare i64 @read(i32, ptr, i64)
declare i32 @snprintf(ptr, i64, ptr, ...)
declare i32 @__isoc99_sscanf(ptr, ptr, ...)
declare ptr @__memcpy_chk(ptr, ptr, i64, i64)
declare i32 @puts(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; The context of the call is there, and what is said of the memory of strlen is not said of the
; twin.
; CHECK-LABEL: define i64 @call(
; CHECK: __fsan_running
; CHECK: call void asm
; CHECK: %[[N:.*]] = call i64 @__fsan_libc_strlen(ptr %text){{$}}
; CHECK: ret i64 %[[N]]
define i64 @call(ptr %text) {
  %n = call i64 @strlen(ptr %text) memory(argmem: read)
  ret i64 %n
}
; CHECK-LABEL: define i64 @invoke(
; CHECK: invoke i64 @__fsan_libc_read(i32 0, ptr %to, i64 8)
define i64 @invoke(ptr %to) personality ptr @personality {
  %n = invoke i64 @read(i32 0, ptr %to, i64 8) to label %done unwind label %failed
done:
  ret i64 %n
failed:
  %pad = landingpad { ptr, i32 } cleanup
  ret i64 -1
}
; CHECK-LABEL: define ptr @address(
; CHECK: ret ptr @__fsan_libc_strlen
define ptr @address() {
  ret ptr @strlen
}
; CHECK-LABEL: define void @other_names(
; CHECK: call i32 (ptr, i64, ptr, ...) @__fsan_libc_snprintf(ptr %a, i64 8, ptr %b, i32 1)
; CHECK: call i32 (ptr, ptr, ...) @__fsan_libc_sscanf(ptr %a, ptr %b, ptr %a)
; CHECK: call ptr @__fsan_libc___memcpy_chk(ptr %a, ptr %b, i64 %n, i64 16)
; CHECK: call i32 @__fsan_libc_puts(ptr %a)
define void @other_names(ptr %a, ptr %b, i64 %n) {
  call i32 (ptr, i64, ptr, ...) @snprintf(ptr %a, i64 8, ptr %b, i32 1)
  call i32 (ptr, ptr, ...) @__isoc99_sscanf(ptr %a, ptr %b, ptr %a)
  call ptr @__memcpy_chk(ptr %a, ptr %b, i64 %n, i64 16)
  call i32 @puts(ptr %a)
  ret void
}
; The intrinsic has its range checks, once.
; CHECK-LABEL: define void @intrinsic(
; CHECK: call preserve_mostcc void @__fsan_read_range(
; CHECK: call preserve_mostcc void @__fsan_write_range(
; CHECK-NEXT: call void @llvm.memcpy
; CHECK-NOT: __fsan_libc
; CHECK: ret void
define void @intrinsic(ptr %a, ptr %b, i64 %n) {
  call void @llvm.memcpy.p0.p0.i64(ptr %a, ptr %b, i64 %n, i1 false)
  ret void
}
; In ignored code only what orders: operations on descriptors.
; CHECK-LABEL: define i64 @ignored(
; CHECK: call i64 @strlen(
; CHECK: call i64 @__fsan_libc_read(
define i64 @ignored(ptr %text) disable_sanitizer_instrumentation {
  %n = call i64 @strlen(ptr %text)
  %m = call i64 @read(i32 0, ptr %text, i64 %n)
  ret i64 %m
}

; CHECK: declare i64 @__fsan_libc_strlen(ptr nocapture){{$}}
declare i32 @personality(...)
attributes #0 = { memory(argmem: read) }
