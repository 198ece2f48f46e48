; Instrumented copies of inline functions have names of their own, groups and aliases
; included; what other objects refer to by name keeps it.
; RUN: %opt_fsan -S %s | FileCheck %s --implicit-check-not='define linkonce_odr void @inline_function()'

$inline_function = comdat any
$_ZN1AC5Ev = comdat any
$mixed = comdat any
$instantiated = comdat any
$kept = comdat any
$local_static = comdat any

@local_static = linkonce_odr global i32 0, comdat
@beside = linkonce_odr global i32 0, comdat($mixed)
@llvm.used = appending global [1 x ptr] [ptr @kept], section "llvm.metadata"

; CHECK-DAG: $inline_function.fibersan = comdat any
; CHECK-DAG: $_ZN1AC5Ev.fibersan = comdat any
; CHECK-DAG: @local_static = linkonce_odr global i32 0, comdat
; CHECK-DAG: @_ZN1AC1Ev.fibersan = linkonce_odr alias void (), ptr @_ZN1AC2Ev.fibersan
@_ZN1AC1Ev = linkonce_odr alias void (), ptr @_ZN1AC2Ev

; CHECK: define linkonce_odr void @inline_function.fibersan(){{.*}} comdat
define linkonce_odr void @inline_function() comdat {
  ret void
}
; CHECK: define linkonce_odr void @_ZN1AC2Ev.fibersan(){{.*}} comdat($_ZN1AC5Ev.fibersan)
define linkonce_odr void @_ZN1AC2Ev() comdat($_ZN1AC5Ev) {
  ret void
}
; A group with a variable in it stays as it is.
; CHECK: define linkonce_odr void @mixed(){{.*}} comdat
define linkonce_odr void @mixed() comdat {
  ret void
}
; CHECK: define weak_odr void @instantiated(){{.*}} comdat
define weak_odr void @instantiated() comdat {
  ret void
}
; CHECK: define linkonce_odr void @kept(){{.*}} comdat
define linkonce_odr void @kept() comdat {
  ret void
}
; Where an ignore list names it, the copy must not be taken for one with checks.
; CHECK: define linkonce_odr void @ignored.fibersan.unchecked()
define linkonce_odr void @ignored() disable_sanitizer_instrumentation {
  ret void
}
; CHECK: define void @user()
; CHECK: call void @inline_function.fibersan()
; CHECK: call void @_ZN1AC1Ev.fibersan()
; CHECK: call void @mixed()
define void @user() {
  call void @inline_function()
  call void @_ZN1AC1Ev()
  call void @mixed()
  ret void
}
