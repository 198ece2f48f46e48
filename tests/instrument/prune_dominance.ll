; The covering check may be in a block that the code comes through for certain.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare void @other()

; CHECK-LABEL: define void @in_branch(
; CHECK-COUNT-1: call preserve_mostcc void @__fsan_write4(
; CHECK-NOT: call preserve_mostcc
define void @in_branch(ptr %p, i1 %c) {
  store i32 1, ptr %p, align 4
  br i1 %c, label %yes, label %no
yes:
  store i32 2, ptr %p, align 4
  br label %no
no:
  ret void
}
; CHECK-LABEL: define void @after_join(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @after_join(ptr %p, i1 %c) {
  br i1 %c, label %yes, label %no
yes:
  store i32 1, ptr %p, align 4
  br label %no
no:
  store i32 2, ptr %p, align 4
  ret void
}
; The write is not certain to follow, so the read keeps its check.
; CHECK-LABEL: define void @read_then_maybe_write(
; CHECK-DAG: @__fsan_read4(
; CHECK-DAG: @__fsan_write4(
define void @read_then_maybe_write(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  br i1 %c, label %yes, label %no
yes:
  store i32 %v, ptr %p, align 4
  br label %no
no:
  ret void
}
; CHECK-LABEL: define void @call_at_end(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @call_at_end(ptr %p, i1 %c) {
  store i32 1, ptr %p, align 4
  call void @other()
  br i1 %c, label %yes, label %no
yes:
  store i32 2, ptr %p, align 4
  br label %no
no:
  ret void
}
; Around a loop the code comes from two places.
; CHECK-LABEL: define void @loop(
; CHECK-COUNT-2: call preserve_mostcc void @__fsan_write4(
define void @loop(ptr %p, i1 %c) {
entry:
  store i32 1, ptr %p, align 4
  br label %body
body:
  store i32 2, ptr %p, align 4
  br i1 %c, label %body, label %done
done:
  ret void
}
