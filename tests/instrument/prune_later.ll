; A check is left to a later one that surely comes, before anything is ordered.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare void @other()
declare void @returns_or_exits() memory(none) nounwind
declare void @__fiber_preempt() nounwind
declare i32 @personality(...)

; x += 1 on both ways.
; CHECK-LABEL: define void @in_both_arms(
; CHECK-NOT: @__fsan_read4
; CHECK: ret void
define void @in_both_arms(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  br i1 %c, label %yes, label %no
yes:
  %a = add i32 %v, 1
  store i32 %a, ptr %p, align 4
  br label %join
no:
  %b = add i32 %v, 2
  store i32 %b, ptr %p, align 4
  br label %join
join:
  ret void
}
; CHECK-LABEL: define void @in_one_arm(
; CHECK: @__fsan_read4
; CHECK: @__fsan_write4
define void @in_one_arm(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  br i1 %c, label %yes, label %no
yes:
  store i32 %v, ptr %p, align 4
  br label %no
no:
  ret void
}
; CHECK-LABEL: define void @behind_join(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
define void @behind_join(ptr %p, i1 %c) {
  br i1 %c, label %yes, label %no
yes:
  store i32 1, ptr %p, align 4
  br label %no
no:
  store i32 2, ptr %p, align 4
  ret void
}
; A read does not stand for a write.
; CHECK-LABEL: define void @read_behind(
; CHECK: @__fsan_write4(
; CHECK: @__fsan_read4(
define void @read_behind(ptr %p, i1 %c) {
  br i1 %c, label %yes, label %no
yes:
  store i32 1, ptr %p, align 4
  br label %no
no:
  %v = load volatile i32, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @fewer_bytes_behind(
; CHECK: @__fsan_read8(
; CHECK: @__fsan_write4(
define void @fewer_bytes_behind(ptr %p) {
  %v = load volatile i64, ptr %p, align 8
  store i32 2, ptr %p, align 4
  ret void
}
; What comes in could order the other side before the write, and not before the read.
; CHECK-LABEL: define void @acquire_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @acquire_between(ptr %p, ptr %flag) {
  %v = load i32, ptr %p, align 4
  %f = load atomic i32, ptr %flag acquire, align 4
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @release_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @release_between(ptr %p, ptr %flag) {
  %v = load i32, ptr %p, align 4
  store atomic i32 1, ptr %flag release, align 4
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @relaxed_between(
; CHECK-NOT: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @relaxed_between(ptr %p, ptr %flag) {
  %v = load i32, ptr %p, align 4
  store atomic i32 1, ptr %flag monotonic, align 4
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @call_that_may_exit(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @call_that_may_exit(ptr %p) {
  %v = load i32, ptr %p, align 4
  call void @returns_or_exits()
  store i32 %v, ptr %p, align 4
  ret void
}
define internal void @returns(i1 %c) noinline {
  br i1 %c, label %yes, label %no
yes:
  br label %no
no:
  ret void
}
define internal void @loops(i1 %c) noinline {
  br label %again
again:
  br i1 %c, label %again, label %no
no:
  ret void
}
define internal void @recurses(i1 %c) noinline nounwind {
  call void @recurses(i1 %c)
  ret void
}
; CHECK-LABEL: define void @call_that_returns(
; CHECK-NOT: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @call_that_returns(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  call void @returns(i1 %c)
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @call_that_may_loop(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @call_that_may_loop(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  call void @loops(i1 %c)
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @call_that_recurses(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @call_that_recurses(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  call void @recurses(i1 %c)
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @loop_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @loop_between(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  br label %again
again:
  br i1 %c, label %again, label %done
done:
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @exit_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @exit_between(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  br i1 %c, label %out, label %go_on
out:
  unreachable
go_on:
  store i32 %v, ptr %p, align 4
  ret void
}
; The run may end before the fiber goes on.
; CHECK-LABEL: define void @poll_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @poll_between(ptr %p) {
  %v = load i32, ptr %p, align 4
  call preserve_mostcc void @__fiber_preempt()
  store i32 %v, ptr %p, align 4
  ret void
}
define internal void @may_throw(i1 %c) noinline personality ptr @personality {
  br i1 %c, label %bad, label %good
good:
  ret void
bad:
  resume { ptr, i32 } poison
}
; CHECK-LABEL: define void @throw_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @throw_between(ptr %p, i1 %c) {
  %v = load i32, ptr %p, align 4
  call void @may_throw(i1 %c)
  store i32 %v, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @caught_throw_between(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @caught_throw_between(ptr %p, i1 %c) personality ptr @personality {
  %v = load i32, ptr %p, align 4
  invoke void @may_throw(i1 %c) to label %good unwind label %bad
good:
  store i32 %v, ptr %p, align 4
  ret void
bad:
  %e = landingpad { ptr, i32 } catch ptr null
  ret void
}
; CHECK-LABEL: define void @write_after_either(
; CHECK-NOT: @__fsan_read4(
; CHECK: ret void
define void @write_after_either(ptr %p, i1 %c) personality ptr @personality {
  %v = load i32, ptr %p, align 4
  invoke void @may_throw(i1 %c) to label %good unwind label %bad
good:
  store i32 %v, ptr %p, align 4
  ret void
bad:
  %e = landingpad { ptr, i32 } catch ptr null
  store i32 %v, ptr %p, align 4
  ret void
}
; The read that was left to the first read stays covered when that goes for the write.
; CHECK-LABEL: define void @chain(
; CHECK-NOT: @__fsan_read4(
; CHECK: store i32 0, ptr %q
; CHECK-COUNT-1: @__fsan_write4(ptr %p
; CHECK-NOT: @__fsan_{{read|write}}4(ptr %p
; CHECK: ret void
define void @chain(ptr %p, ptr %q, ptr %flag) {
  %a = load volatile i32, ptr %p, align 4
  %b = load volatile i32, ptr %p, align 4
  store i32 0, ptr %q, align 4
  store i32 1, ptr %p, align 4
  %c = load volatile i32, ptr %p, align 4
  store atomic i32 1, ptr %flag release, align 4
  ret void
}
