; A loop over one field of a struct is vectorised with loads across the other field;
; the other field is not checked.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<O2>' -fibersan-calls-only -S %s | FileCheck %s
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; CHECK-LABEL: define {{.*}} @sum_first(
; CHECK-NOT: @__fsan_read{{16|_range|8}}
; CHECK: @__fsan_read4(
; CHECK-NOT: @__fsan_read{{16|_range|8}}
; CHECK: load <8 x i32>
; CHECK-NOT: @__fsan_read{{16|_range|8}}
; CHECK: define internal void @fibersan.module_ctor
define i32 @sum_first(ptr %pairs, i64 %n) {
entry:
  br label %body
body:
  %i = phi i64 [ 0, %entry ], [ %i1, %body ]
  %sum = phi i32 [ 0, %entry ], [ %sum1, %body ]
  %at = getelementptr inbounds { i32, i32 }, ptr %pairs, i64 %i
  %v = load i32, ptr %at, align 4
  %sum1 = add i32 %sum, %v
  %i1 = add nuw nsw i64 %i, 1
  %c = icmp eq i64 %i1, %n
  br i1 %c, label %done, label %body
done:
  ret i32 %sum1
}
