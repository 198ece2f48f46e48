; Counted loops without synchronisation or early exit: one check of the range before the loop, none in
; it. Then the nearest loops where there must be none.
; RUN: %opt_fsan -S -fibersan-calls-only %s | FileCheck %s
; RUN: %opt_fsan -S -fibersan-calls-only -fibersan-without=loop-range %s | FileCheck %s --check-prefix=WITHOUT
; WITHOUT-NOT: _loop(
; WITHOUT-LABEL: define void @upwards(
; WITHOUT: loop:
; WITHOUT: @__fsan_write4(
; WITHOUT-NOT: _loop(

declare void @other()
declare i32 @pure(i32) memory(none) nounwind willreturn
declare i32 @may_throw(i32) memory(none)
declare i32 @__gxx_personality_v0(...)
declare void @free(ptr)
declare void @llvm.trap()

; CHECK-LABEL: define void @upwards(
; CHECK: %[[BYTES:.*]] = shl i64 %n, 2
; CHECK: call void @__fsan_write_loop(ptr %a, i64 %[[BYTES]], i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @upwards(ptr %a, i64 %n) sanitize_thread {
entry:
  %none = icmp eq i64 %n, 0
  br i1 %none, label %exit, label %before
before:
  br label %loop
loop:
  %i = phi i64 [ 0, %before ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; From a + 796 down to a.
; CHECK-LABEL: define i32 @downwards(
; CHECK: call void @__fsan_read_loop(ptr %a, i64 800, i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret i32
define i32 @downwards(ptr %a) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 199, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %added, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %v = load i32, ptr %p, align 4
  %added = add i32 %sum, %v
  %next = add nsw i64 %i, -1
  %more = icmp ne i64 %i, 0
  br i1 %more, label %loop, label %exit
exit:
  ret i32 %added
}

; A vectorised and unrolled loop: four parts of each step.
; CHECK-LABEL: define void @unrolled(
; CHECK: call void @__fsan_write_loop(ptr %a, i64 6400, i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @unrolled(ptr %a) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %p1 = getelementptr inbounds i8, ptr %p, i64 16
  %p2 = getelementptr inbounds i8, ptr %p, i64 32
  %p3 = getelementptr inbounds i8, ptr %p, i64 48
  store <4 x i32> zeroinitializer, ptr %p2, align 4
  store <4 x i32> zeroinitializer, ptr %p, align 4
  store <4 x i32> zeroinitializer, ptr %p1, align 4
  store <4 x i32> zeroinitializer, ptr %p3, align 4
  %next = add nuw nsw i64 %i, 16
  %more = icmp ult i64 %next, 1600
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; a[i - 1] + a[i + 1], where both meet. Reads and writes are checked apart.
; CHECK-LABEL: define void @neighbours(
; CHECK-DAG: call void @__fsan_read_loop(ptr %a, i64 416, i64 %context)
; CHECK-DAG: call void @__fsan_write_loop(ptr %b, i64 400, i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @neighbours(ptr %a, ptr %b) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr i64, ptr %a, i64 %i
  %p1 = getelementptr i8, ptr %p, i64 8
  %p2 = getelementptr i8, ptr %p, i64 16
  %v = load i64, ptr %p, align 8
  %v1 = load i64, ptr %p1, align 8
  %v2 = load i64, ptr %p2, align 8
  %sum = add i64 %v, %v2
  %q = getelementptr i64, ptr %b, i64 %i
  store i64 %sum, ptr %q, align 8
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, 50
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; A few bytes need no call. The count in 32 bits may be 2^32 iterations, no less.
; CHECK-LABEL: define void @few(
; CHECK: @__fsan_write_range(ptr %a, i64 24, i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @few(ptr %a) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i64, ptr %a, i64 %i
  store i64 1, ptr %p, align 8
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, 3
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @narrow_counter(
; CHECK: %[[LESS:.*]] = add i32 %n, -1
; CHECK: %[[WIDE:.*]] = zext i32 %[[LESS]] to i64
; CHECK: %[[COUNT:.*]] = add nuw nsw i64 %[[WIDE]], 1
; CHECK: call void @__fsan_write_loop(ptr %a, i64 %[[COUNT]], i64 %context)
define void @narrow_counter(ptr %a, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %p = phi ptr [ %a, %entry ], [ %p.next, %loop ]
  store i8 1, ptr %p, align 1
  %p.next = getelementptr i8, ptr %p, i64 1
  %next = add i32 %i, 1
  %more = icmp ne i32 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; Rows that follow each other: one range for all of them.
; CHECK-LABEL: define void @rows(
; CHECK: call void @__fsan_write_loop(ptr %a, i64 4000, i64 %context)
; CHECK: outer:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @rows(ptr %a) {
entry:
  br label %outer
outer:
  %row = phi i64 [ 0, %entry ], [ %row.next, %outer.latch ]
  %r = getelementptr inbounds [100 x i32], ptr %a, i64 %row
  br label %loop
loop:
  %i = phi i64 [ 0, %outer ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %r, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, 100
  br i1 %more, label %loop, label %outer.latch
outer.latch:
  %row.next = add nuw nsw i64 %row, 1
  %more.rows = icmp ne i64 %row.next, 10
  br i1 %more.rows, label %outer, label %exit
exit:
  ret void
}

; A call that does nothing but compute is no hindrance.
; CHECK-LABEL: define void @pure_call(
; CHECK: call void @__fsan_write_loop(
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @pure_call(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %v = call i32 @pure(i32 1)
  store i32 %v, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; A free orders nothing: it puts this fiber's mark of freed memory on the block, with the stamp that
; the fiber has before and after. Accesses to other memory in later iterations are as if checked at
; their places. To the block itself there is none after it in a correct program: what the range has of it
; was accessed before, so the mark is put over a stamp, as without the range. Memory that malloc()
; gives in the loop, perhaps the same block, has an address that is not known before the loop.
; CHECK-LABEL: define void @frees(
; CHECK: call void @__fsan_write_loop(
; CHECK: loop:
; CHECK-NOT: @__fsan_write
; CHECK: ret void
define void @frees(ptr %a, i64 %n, ptr %block) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i64, ptr %a, i64 %i
  store i64 1, ptr %p, align 8
  call void @free(ptr %block)
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; --- where there must be none ---

; Gaps between the elements: a check of what lies between would be wrong.
; CHECK-LABEL: define void @stride(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @stride(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds { i32, i32 }, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define i32 @early_exit(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_read4(
define i32 @early_exit(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %latch ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %v = load i32, ptr %p, align 4
  %found = icmp eq i32 %v, 7
  br i1 %found, label %exit, label %latch
latch:
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret i32 0
}
; CHECK-LABEL: define void @conditional(
; CHECK-NOT: _loop(
; CHECK: rare:
; CHECK: @__fsan_write4(
define void @conditional(ptr %a, i64 %n, i64 %which) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %latch ]
  %is = icmp eq i64 %i, %which
  br i1 %is, label %rare, label %latch
rare:
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  br label %latch
latch:
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; The last iteration leaves before the access: n, not n + 1.
; CHECK-LABEL: define void @test_at_the_top(
; CHECK-NOT: _loop(
; CHECK: body:
; CHECK: @__fsan_write4(
define void @test_at_the_top(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %body, label %exit
body:
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  br label %loop
exit:
  ret void
}
; CHECK-LABEL: define void @unknown_call(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @unknown_call(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  call void @other()
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @throwing_call(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @throwing_call(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %v = call i32 @may_throw(i32 1)
  store i32 %v, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @atomic(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @atomic(ptr %a, i64 %n, ptr %flag) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %seen = load atomic i32, ptr %flag acquire, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @volatile(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @volatile(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store volatile i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; The index wraps before the loop ends, perhaps.
; CHECK-LABEL: define void @index_may_wrap(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write1(
define void @index_may_wrap(ptr %a, i64 %n, i8 %first) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %index = phi i8 [ %first, %entry ], [ %index.next, %loop ]
  %wide = zext i8 %index to i64
  %p = getelementptr i8, ptr %a, i64 %wide
  store i8 1, ptr %p, align 1
  %index.next = add i8 %index, 1
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @unknown_count(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @unknown_count(ptr %a, ptr %limit) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i32 %i
  store i32 1, ptr %p, align 4
  %next = add nsw i32 %i, 1
  %n = load i32, ptr %limit, align 4
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @loaded_addresses(
; CHECK: call void @__fsan_read_loop(ptr %a,
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @loaded_addresses(ptr %a, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds ptr, ptr %a, i64 %i
  %q = load ptr, ptr %p, align 8
  store i32 1, ptr %q, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @optnone(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @optnone(ptr %a, i64 %n) noinline optnone {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; With -fno-builtin or -ffreestanding it is some function of that name.
; CHECK-LABEL: define void @frees_in_freestanding_code(
; CHECK-NOT: _loop(
; CHECK: loop:
; CHECK: @__fsan_write8(
define void @frees_in_freestanding_code(ptr %a, i64 %n, ptr %block) "no-builtins" {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i64, ptr %a, i64 %i
  store i64 1, ptr %p, align 8
  call void @free(ptr %block)
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; An exit that ends the program.
; CHECK-LABEL: define void @trap_within(
; CHECK-NOT: _loop(
; CHECK: behind:
; CHECK: @__fsan_write4(
define void @trap_within(ptr %a, i64 %n, i64 %limit) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %behind ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %is_out = icmp uge i64 %i, %limit
  br i1 %is_out, label %out, label %behind
out:
  call void @llvm.trap()
  unreachable
behind:
  store i32 1, ptr %p, align 4
  %next = add nuw nsw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
