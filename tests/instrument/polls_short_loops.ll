; A loop of a few instructions that is no count: its body is repeated, with one test behind the
; last copy. A loop that waits for another fiber is left as it is.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls -S %s | FileCheck %s

; CHECK-LABEL: define ptr @search(
; CHECK-COUNT-4: load i8
; CHECK: asm sideeffect "movzbl
; CHECK-NOT: asm sideeffect "movzbl
; CHECK: ret ptr
define ptr @search(ptr %p) {
entry:
  br label %loop
loop:
  %at = phi ptr [ %p, %entry ], [ %next, %loop ]
  %v = load i8, ptr %at
  %next = getelementptr i8, ptr %at, i64 1
  %found = icmp eq i8 %v, 7
  br i1 %found, label %exit, label %loop
exit:
  ret ptr %at
}
; CHECK-LABEL: define i8 @wait(
; CHECK-COUNT-1: load atomic
; CHECK-NOT: load atomic
; CHECK: ret i8
define i8 @wait(ptr %p) {
entry:
  br label %loop
loop:
  %v = load atomic i8, ptr %p acquire, align 1
  %found = icmp eq i8 %v, 7
  br i1 %found, label %exit, label %loop
exit:
  ret i8 %v
}
; CHECK-LABEL: define ptr @small(
; CHECK-COUNT-1: load i8
; CHECK-NOT: load i8
; CHECK: ret ptr
define ptr @small(ptr %p) optsize {
entry:
  br label %loop
loop:
  %at = phi ptr [ %p, %entry ], [ %next, %loop ]
  %v = load i8, ptr %at
  %next = getelementptr i8, ptr %at, i64 1
  %found = icmp eq i8 %v, 7
  br i1 %found, label %exit, label %loop
exit:
  ret ptr %at
}
; In a program with checks the repetitions would repeat those; without accesses there are none.
; CHECK-LABEL: define ptr @search_with_checks(
; CHECK-COUNT-1: load i8
; CHECK-NOT: load i8
; CHECK: ret ptr
define ptr @search_with_checks(ptr %p) sanitize_thread {
entry:
  br label %loop
loop:
  %at = phi ptr [ %p, %entry ], [ %next, %loop ]
  %v = load i8, ptr %at
  %next = getelementptr i8, ptr %at, i64 1
  %found = icmp eq i8 %v, 7
  br i1 %found, label %exit, label %loop
exit:
  ret ptr %at
}
; CHECK-LABEL: define i64 @computes(
; CHECK-COUNT-4: mul i64
; CHECK: ret i64
define i64 @computes(i64 %n) sanitize_thread {
entry:
  br label %loop
loop:
  %at = phi i64 [ %n, %entry ], [ %next, %loop ]
  %next = mul i64 %at, %at
  %found = icmp eq i64 %next, 1
  br i1 %found, label %exit, label %loop
exit:
  ret i64 %at
}
