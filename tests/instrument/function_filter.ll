; Which functions are instrumented. FIBERSAN_IGNORE is disable_sanitizer_instrumentation.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@global = global i32 0
@chosen = ifunc void (), ptr @resolver

; CHECK-LABEL: define void @plain(
; CHECK: @__fsan_write4
define void @plain() {
  store i32 1, ptr @global, align 4
  ret void
}
; CHECK-LABEL: define void @ignored(
; CHECK-NEXT: store
; CHECK-NEXT: ret
define void @ignored() disable_sanitizer_instrumentation {
  store i32 1, ptr @global, align 4
  ret void
}
; CHECK-LABEL: define void @naked(
; CHECK-NEXT: call void asm
; CHECK-NEXT: unreachable
define void @naked() naked {
  call void asm sideeffect "ret", ""()
  unreachable
}
; CHECK-LABEL: define available_externally void @from_elsewhere(
; CHECK-NEXT: store
; CHECK-NEXT: ret
define available_externally void @from_elsewhere() {
  store i32 1, ptr @global, align 4
  ret void
}
; CHECK-LABEL: define void @__fsan_anything(
; CHECK-NEXT: store
; CHECK-NEXT: ret
define void @__fsan_anything() {
  store i32 1, ptr @global, align 4
  ret void
}
; CHECK-LABEL: define ptr @resolver(
; CHECK-NEXT: load
; CHECK-NEXT: ret
define ptr @resolver() {
  %v = load i32, ptr @global, align 4
  ret ptr @plain
}
; CHECK-LABEL: define linkonce_odr void @inline_function.fibersan(
; CHECK: @__fsan_write4
define linkonce_odr void @inline_function() {
  store i32 1, ptr @global, align 4
  ret void
}
; Two functions are checked; the ignored one, which has hooks for what it orders, does not count.
; CHECK: call void @__fsan_module_loaded(i32 {{[0-9]+}}, i32 2)
