; What is no function of the C library's table stays: other types, the user's own definitions,
; other names, and a module in which only functions without instrumentation call one.
; RUN: %opt_fsan -S %s | FileCheck %s
; CHECK-NOT: __fsan_libc

declare i32 @strlen(ptr)
declare i32 @puts(ptr, ...)
declare ptr @memcpy(ptr, ptr, i32)
declare double @atof(i64)
declare i64 @fread_of_mine(ptr, i64, i64, ptr)
declare i64 @strnlen(ptr, i64)

define i32 @strcmp(ptr %a, ptr %b) {
  %n = load i8, ptr %a
  %r = zext i8 %n to i32
  ret i32 %r
}
define internal i64 @read(i32 %fd, ptr %to, i64 %n) {
  ret i64 %n
}
define void @calls(ptr %a, ptr %b) {
  call i32 @strlen(ptr %a)
  call i32 (ptr, ...) @puts(ptr %a)
  call ptr @memcpy(ptr %a, ptr %b, i32 8)
  call double @atof(i64 1)
  call i64 @fread_of_mine(ptr %a, i64 1, i64 1, ptr %b)
  call i32 @strcmp(ptr %a, ptr %b)
  call i64 @read(i32 0, ptr %a, i64 8)
  ret void
}
define void @ignored(ptr %a) disable_sanitizer_instrumentation {
  call i64 @strnlen(ptr %a, i64 8)
  ret void
}
