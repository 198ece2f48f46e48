; Nothing is dropped across what may release: the fiber's epoch may be another one.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare void @other()
declare i32 @look(ptr) memory(read) nounwind willreturn
declare i32 @look_or_throw(ptr) memory(read)
declare double @llvm.sqrt.f64(double)

; CHECK-LABEL: define void @call(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @call(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @other()
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @read_call_write(
; CHECK-DAG: @__fsan_read4(
; CHECK-DAG: @__fsan_write4(
define void @read_call_write(ptr %p) {
  %v = load i32, ptr %p, align 4
  call void @other()
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @atomic(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @atomic(ptr %p, ptr %flag) {
  store i32 1, ptr %p, align 4
  store atomic i32 1, ptr %flag release, align 4
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @fence(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @fence(ptr %p) {
  store i32 1, ptr %p, align 4
  fence seq_cst
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @assembly(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @assembly(ptr %p) {
  store i32 1, ptr %p, align 4
  call void asm sideeffect "lock; addl $$0, (%rsp)", "~{memory}"()
  store i32 2, ptr %p, align 4
  ret void
}
; A barrier for the compiler alone has no code.
; CHECK-LABEL: define void @empty_assembly(
; CHECK-COUNT-1: call preserve_mostcc void @__fsan_write4(
; CHECK-NOT: call preserve_mostcc
define void @empty_assembly(ptr %p) {
  store i32 1, ptr %p, align 4
  call void asm sideeffect "", "~{memory}"()
  store i32 2, ptr %p, align 4
  ret void
}
; A read check is not dropped for a write that a throwing call may keep from happening.
; CHECK-LABEL: define void @may_not_come(
; CHECK-DAG: @__fsan_read4(
; CHECK-DAG: @__fsan_write4(
define void @may_not_come(ptr %p) {
  %v = load i32, ptr %p, align 4
  %w = call i32 @look_or_throw(ptr %p)
  store i32 %v, ptr %p, align 4
  ret void
}
; What only computes is no obstacle.
; CHECK-LABEL: define void @arithmetic(
; CHECK-COUNT-1: call preserve_mostcc void @__fsan_write4(
; CHECK-NOT: call preserve_mostcc
define void @arithmetic(ptr %p, double %x) {
  store i32 1, ptr %p, align 4
  %r = call double @llvm.sqrt.f64(double %x)
  %v = call i32 @look(ptr %p)
  store i32 2, ptr %p, align 4
  ret void
}
