; Each module with code says in an ELF note which version and options made it, and how many
; functions are checked: here three, of them one that has no access, and not the one that is
; opted out. A module that has its note gets no second one.
; RUN: split-file %s %t
; RUN: %opt_fsan -S %t/code.ll -o %t/1.ll && FileCheck %t/code.ll < %t/1.ll
; RUN: %opt_fsan -S %t/1.ll | grep -c "^@fibersan.note" | grep -x 1
; RUN: %opt_fsan -fibersan-without=later,hoisted -fibersan-calls-only -fibersan-hot-percent=7 -S %t/code.ll | FileCheck %t/code.ll --check-prefix=OPTIONS
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fibersan -fibersan-ignore-all -S %t/code.ll | FileCheck %t/code.ll --check-prefix=NONE
; RUN: %opt_fsan -S %t/data.ll | FileCheck %t/data.ll

;--- code.ll
; CHECK: @fibersan.note = private constant { i32, i32, i32, [12 x i8], i32, i32, [{{[0-9]+}} x i8] } { i32 9, i32 {{[0-9]+}}, i32 1, [12 x i8] c"FiberSan\00\00\00\00", i32 1, i32 3, [{{[0-9]+}} x i8] c"{{[0-9.]+}}\00\00{{(\\00)*}}" }, section ".note.fibersan", align 4
; CHECK: @llvm.compiler.used = appending global {{.*}}@fibersan.note
; CHECK: call void @__fsan_module_loaded(i32 1, i32 3)
; OPTIONS: @fibersan.note = {{.*}}\00-fibersan-without=later,hoisted -fibersan-calls-only -fibersan-hot-percent=7\00
; NONE: @fibersan.note = {{.*}}i32 1, i32 0, {{.*}}\00-fibersan-ignore-all\00
target triple = "x86_64-unknown-linux-gnu"

define void @writes(ptr %place) {
  store i32 1, ptr %place
  ret void
}
define void @does_nothing() {
  ret void
}
define internal void @is_internal() {
  ret void
}
define void @opted_out(ptr %place) disable_sanitizer_instrumentation {
  store i32 1, ptr %place
  ret void
}
declare void @elsewhere()

;--- data.ll
; CHECK-NOT: fibersan
@table = constant [2 x i32] [i32 1, i32 2]
declare void @elsewhere()
