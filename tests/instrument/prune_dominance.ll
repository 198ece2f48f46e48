; An earlier check stands for a later one when it was made on every path, and no path releases.
; RUN: %opt_fsan -fibersan-calls-only -fibersan-without=later,hoisted,loop-range -S %s | FileCheck %s

declare void @other()
declare i32 @personality(...)

; CHECK-LABEL: define void @in_branch(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
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
; CHECK-COUNT-2: @__fsan_write4(
define void @after_join(ptr %p, i1 %c) {
  br i1 %c, label %yes, label %no
yes:
  store i32 1, ptr %p, align 4
  br label %no
no:
  store i32 2, ptr %p, align 4
  ret void
}
; Made in both arms, in one of them as a part of more.
; CHECK-LABEL: define void @after_both(
; CHECK: @__fsan_write4(
; CHECK: @__fsan_write8(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: ret void
define void @after_both(ptr %p, i1 %c) {
  br i1 %c, label %yes, label %no
yes:
  store i32 1, ptr %p, align 4
  br label %join
no:
  store i64 1, ptr %p, align 8
  br label %join
join:
  %v = load volatile i32, ptr %p, align 4
  ret void
}
; A write does not follow from two reads.
; CHECK-LABEL: define void @reads_in_both(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @reads_in_both(ptr %p, i1 %c) {
  br i1 %c, label %yes, label %no
yes:
  %v = load volatile i32, ptr %p, align 4
  br label %join
no:
  %w = load volatile i32, ptr %p, align 4
  br label %join
join:
  store i32 1, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @call_in_one_branch(
; CHECK-COUNT-2: @__fsan_write4(
define void @call_in_one_branch(ptr %p, i1 %c) {
  store i32 1, ptr %p, align 4
  br i1 %c, label %yes, label %no
yes:
  call void @other()
  br label %no
no:
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @call_at_end(
; CHECK-COUNT-2: @__fsan_write4(
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
; Into the loop and around it: nothing releases on either way.
; CHECK-LABEL: define void @loop(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
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
; CHECK-LABEL: define void @loop_with_call(
; CHECK-COUNT-2: @__fsan_write4(
define void @loop_with_call(ptr %p, i1 %c) {
entry:
  store i32 1, ptr %p, align 4
  br label %body
body:
  store i32 2, ptr %p, align 4
  call void @other()
  br i1 %c, label %body, label %done
done:
  ret void
}
; The release is behind the check, two loops further out.
; CHECK-LABEL: define void @nested_loop_with_call(
; CHECK-COUNT-2: @__fsan_write4(
define void @nested_loop_with_call(ptr %p, i1 %c) {
entry:
  store i32 1, ptr %p, align 4
  br label %outer
outer:
  br label %inner
inner:
  store i32 2, ptr %p, align 4
  br i1 %c, label %inner, label %latch
latch:
  call void @other()
  br i1 %c, label %outer, label %done
done:
  ret void
}
; Each time around the address is another one.
; CHECK-LABEL: define void @moving(
; CHECK-COUNT-2: @__fsan_write4(
define void @moving(ptr %p, i64 %n) {
entry:
  store i32 1, ptr %p, align 4
  br label %body
body:
  %at = phi ptr [ %p, %entry ], [ %next, %body ]
  %i = phi i64 [ 0, %entry ], [ %j, %body ]
  store i32 2, ptr %at, align 4
  %next = getelementptr i8, ptr %at, i64 4
  %j = add i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %body, label %done
done:
  ret void
}
; What is caught may have come after a release.
; CHECK-LABEL: define void @caught(
; CHECK-COUNT-3: @__fsan_write4(
define void @caught(ptr %p) personality ptr @personality {
  store i32 1, ptr %p, align 4
  invoke void @other() to label %good unwind label %bad
good:
  store i32 2, ptr %p, align 4
  ret void
bad:
  %e = landingpad { ptr, i32 } catch ptr null
  store i32 3, ptr %p, align 4
  ret void
}
; The same index and the same base, computed apart; one element further.
; CHECK-LABEL: define void @index(
; CHECK-COUNT-2: @__fsan_write4(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: ret void
define void @index(ptr %p, i32 %i) {
  %wide = sext i32 %i to i64
  %a = getelementptr { i32, i32 }, ptr %p, i64 %wide, i32 1
  store i32 1, ptr %a, align 4
  %next = add nsw i32 %i, 1
  %wide.next = sext i32 %next to i64
  %b = getelementptr { i32, i32 }, ptr %p, i64 %wide.next
  store i32 2, ptr %b, align 4
  %scaled = shl i64 %wide, 3
  %c = getelementptr i8, ptr %p, i64 %scaled
  %d = getelementptr i8, ptr %c, i64 8
  %v = load volatile i32, ptr %d, align 4
  %e = getelementptr i8, ptr %c, i64 4
  %w = load volatile i32, ptr %e, align 4
  ret void
}
; It may wrap: then it is not the next element.
; CHECK-LABEL: define void @index_that_wraps(
; CHECK-COUNT-2: @__fsan_{{write|read}}4(
define void @index_that_wraps(ptr %p, i32 %i) {
  %wide = sext i32 %i to i64
  %a = getelementptr i32, ptr %p, i64 %wide
  %b = getelementptr i8, ptr %a, i64 4
  store i32 1, ptr %b, align 4
  %next = add i32 %i, 1
  %wide.next = sext i32 %next to i64
  %c = getelementptr i32, ptr %p, i64 %wide.next
  %v = load volatile i32, ptr %c, align 4
  ret void
}
