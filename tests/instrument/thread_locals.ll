; Thread-locals by name and errno belong to the thread: its fibers take turns.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@counter = thread_local global i32 0
@shared = global i32 0
declare ptr @llvm.threadlocal.address.p0(ptr)
declare ptr @__errno_location()
declare ptr @_ZTW5extra()
declare ptr @somewhere()

; CHECK-LABEL: define void @by_name(
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @by_name() {
  %at = call ptr @llvm.threadlocal.address.p0(ptr @counter)
  store i32 1, ptr %at, align 4
  ret void
}
; CHECK-LABEL: define void @errno(
; CHECK-NOT: @__fsan_write
; CHECK: ret void
define void @errno() {
  %at = call ptr @__errno_location()
  store i32 0, ptr %at, align 4
  ret void
}
; CHECK-LABEL: define void @through_wrapper(
; CHECK-NOT: @__fsan_write
; CHECK: ret void
define void @through_wrapper() {
  %at = call ptr @_ZTW5extra()
  store i32 0, ptr %at, align 4
  ret void
}
; CHECK-LABEL: define void @global_variable(
; CHECK: @__fsan_write4(ptr @shared,
define void @global_variable() {
  store i32 1, ptr @shared, align 4
  ret void
}
; CHECK-LABEL: define void @from_any_call(
; CHECK: @__fsan_write4(ptr %at,
define void @from_any_call() {
  %at = call ptr @somewhere()
  store i32 1, ptr %at, align 4
  ret void
}
