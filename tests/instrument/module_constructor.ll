; A module with instrumented code announces itself and names what must be linked.
; RUN: split-file %s %t
; RUN: %opt_fsan -S %t/code.ll | FileCheck %t/code.ll
; RUN: %opt_fsan -S %t/data.ll | FileCheck %t/data.ll

;--- code.ll
; CHECK-DAG: @llvm.global_ctors = appending global {{.*}} { i32 0, ptr @fibersan.module_ctor, ptr null }
; CHECK-DAG: @"FiberSan is not linked in: link with the same --config=fibersan.cfg" = external global i8
; CHECK: define internal void @fibersan.module_ctor()
; CHECK-NEXT: entry:
; CHECK-NEXT: call void asm sideeffect "", "r"(ptr @"FiberSan is not linked in: link with the same --config=fibersan.cfg")
; CHECK-NEXT: call void @__fsan_module_loaded(i32 1, i32 2)
; CHECK-NEXT: ret void
define void @one() {
  ret void
}
define void @two() {
  ret void
}

;--- data.ll
; CHECK: @table = constant
; CHECK-NOT: fibersan
; CHECK-NOT: __fsan
@table = constant [2 x i32] [i32 1, i32 2]
declare void @elsewhere()
