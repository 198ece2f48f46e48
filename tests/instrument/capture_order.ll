; An object needs no check on ways through the function where nobody else learns of it: local
; variables, by-value arguments, fresh heap blocks. Beside each case the nearest one that needs its
; check. A capture that comes later counts: it may publish without order.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-calls-only -fibersan-without=private,fresh-heap -S %s | FileCheck %s --check-prefix=OFF
; OFF-LABEL: define i32 @kept(
; OFF: @__fsan_write4(ptr %x,
; OFF-LABEL: define void @freed(
; OFF: @__fsan_write4(ptr %p,

declare void @publish(ptr)
declare void @look(ptr nocapture)
declare noalias ptr @malloc(i64)
declare noalias ptr @calloc(i64, i64)
declare noalias ptr @realloc(ptr, i64)
declare void @free(ptr nocapture)
declare ptr @_Znwm(i64)
declare ptr @_ZnwmPv(i64, ptr)
declare noalias ptr @make_node()
declare ptr @find_node()
declare i32 @setjmp(ptr) returns_twice
declare i32 @personality(...)
declare i1 @more()

; CHECK-LABEL: define i32 @kept(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: ret i32
define i32 @kept() {
  %x = alloca i32, align 4
  store i32 1, ptr %x, align 4
  call void @look(ptr %x)
  %v = load i32, ptr %x, align 4
  ret i32 %v
}
; CHECK-LABEL: define i32 @variable(
; CHECK: @__fsan_write4(ptr %x,
; CHECK: call void @publish(
; CHECK: @__fsan_read4(ptr %x,
define i32 @variable() {
  %x = alloca i32, align 4
  store i32 1, ptr %x, align 4
  call void @look(ptr %x)
  store i32 2, ptr %x, align 4
  call void @publish(ptr %x)
  %v = load i32, ptr %x, align 4
  ret i32 %v
}
; CHECK-LABEL: define void @argument(
; CHECK: @__fsan_write8(ptr %x,
; CHECK: call void @publish(
; CHECK: @__fsan_write8(ptr %x,
define void @argument(ptr byval(i64) align 8 %x) {
  store i64 1, ptr %x, align 8
  call void @publish(ptr %x)
  store i64 2, ptr %x, align 8
  ret void
}
; The next iteration comes behind the capture of this one.
; CHECK-LABEL: define void @variable_in_loop(
; CHECK: loop:
; CHECK: @__fsan_write4(ptr %x,
; CHECK: call void @publish(
define void @variable_in_loop() {
  %x = alloca i32, align 4
  br label %loop
loop:
  store i32 1, ptr %x, align 4
  call void @publish(ptr %x)
  %again = call i1 @more()
  br i1 %again, label %loop, label %done
done:
  ret void
}
; But each iteration has another heap block: only the last one gets out.
; CHECK-LABEL: define void @heap_in_loop(
; CHECK: more:
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: last:
; CHECK: @__fsan_write4(ptr %p,
; CHECK: call void @publish(
define void @heap_in_loop() {
  br label %loop
loop:
  %p = call ptr @malloc(i64 4)
  %again = call i1 @more()
  br i1 %again, label %more, label %last
more:
  store i32 1, ptr %p, align 4
  br label %loop
last:
  store i32 2, ptr %p, align 4
  call void @publish(ptr %p)
  ret void
}
; The variable is the same one in all of them.
; CHECK-LABEL: define void @variable_and_loop(
; CHECK: more:
; CHECK: @__fsan_write4(ptr %x,
; CHECK: last:
define void @variable_and_loop() {
  %x = alloca i32, align 4
  br label %loop
loop:
  %again = call i1 @more()
  br i1 %again, label %more, label %last
more:
  store i32 1, ptr %x, align 4
  br label %loop
last:
  call void @publish(ptr %x)
  ret void
}
; Unless it looks back at the one of the iteration before.
; CHECK-LABEL: define void @heap_of_iteration_before(
; CHECK: @__fsan_write4(ptr %last,
; CHECK: call void @publish(
define void @heap_of_iteration_before() {
  %first = call ptr @malloc(i64 4)
  br label %loop
loop:
  %last = phi ptr [ %first, %0 ], [ %p, %loop ]
  store i32 1, ptr %last, align 4
  %p = call ptr @malloc(i64 4)
  call void @publish(ptr %p)
  %again = call i1 @more()
  br i1 %again, label %loop, label %done
done:
  ret void
}
; A spawned closure holds the address.
; CHECK-LABEL: define void @closure(
; CHECK: @__fsan_write4(ptr %x,
; CHECK: store ptr %x, ptr %closure
define void @closure() {
  %x = alloca i32, align 4
  %closure = alloca ptr, align 8
  store i32 1, ptr %x, align 4
  store ptr %x, ptr %closure, align 8
  store i32 2, ptr %x, align 4
  call void @publish(ptr %closure)
  ret void
}
; The store that captures.
; CHECK-LABEL: define void @itself(
; CHECK: @__fsan_write8(ptr %x,
define void @itself() {
  %x = alloca ptr, align 8
  store ptr %x, ptr %x, align 8
  ret void
}
; CHECK-LABEL: define void @one_branch(
; CHECK: no:
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: join:
; CHECK: @__fsan_write4(ptr %x,
define void @one_branch(i1 %c) {
  %x = alloca i32, align 4
  br i1 %c, label %yes, label %no
yes:
  call void @publish(ptr %x)
  br label %join
no:
  store i32 1, ptr %x, align 4
  br label %join
join:
  store i32 2, ptr %x, align 4
  ret void
}
; The way back from longjmp is not in the control flow.
; CHECK-LABEL: define void @hidden_path(
; CHECK: first:
; CHECK: second:
; CHECK: @__fsan_write4(ptr %x,
define void @hidden_path(ptr %buffer) {
  %x = alloca i32, align 4
  %n = call i32 @setjmp(ptr %buffer) returns_twice
  %is_first = icmp eq i32 %n, 0
  br i1 %is_first, label %first, label %second
first:
  call void @publish(ptr %x)
  ret void
second:
  store i32 2, ptr %x, align 4
  ret void
}
; CHECK-LABEL: define void @unwinding(
; CHECK: @__fsan_write4(ptr %x,
; CHECK: invoke void @publish(
; CHECK: bad:
; CHECK: @__fsan_write4(ptr %x,
define void @unwinding() personality ptr @personality {
  %x = alloca i32, align 4
  store i32 1, ptr %x, align 4
  invoke void @publish(ptr %x) to label %good unwind label %bad
good:
  ret void
bad:
  %e = landingpad { ptr, i32 } cleanup
  store i32 2, ptr %x, align 4
  ret void
}
; The caller may publish it. Comparing tells nobody.
; CHECK-LABEL: define ptr @returned(
; CHECK: @__fsan_write4(ptr %p,
; CHECK: ret ptr
define ptr @returned() {
  %p = call ptr @malloc(i64 8)
  store i32 1, ptr %p, align 4
  ret ptr %p
}
; CHECK-LABEL: define ptr @compared(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: ret ptr
define ptr @compared(ptr %other) {
  %p = call ptr @malloc(i64 8)
  %is_other = icmp eq ptr %p, %other
  store i32 1, ptr %p, align 4
  %at = getelementptr i8, ptr %p, i64 4
  store i32 1, ptr %at, align 4
  ret ptr %other
}
; CHECK-LABEL: define void @other_allocations(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: ret void
define void @other_allocations() {
  %a = call ptr @calloc(i64 1, i64 4)
  store i32 1, ptr %a, align 4
  %b = call ptr @_Znwm(i64 4)
  store i32 1, ptr %b, align 4
  %c = call ptr @make_node()
  store i32 1, ptr %c, align 4
  ret void
}
; CHECK-LABEL: define void @no_fresh_blocks(
; CHECK: @__fsan_write4(ptr %a,
; CHECK: @__fsan_write4(ptr %b,
; CHECK: @__fsan_write4(ptr %c,
define void @no_fresh_blocks(ptr %old) {
  %a = call ptr @realloc(ptr %old, i64 4)
  store i32 1, ptr %a, align 4
  %b = call ptr @_ZnwmPv(i64 4, ptr %old)
  store i32 1, ptr %b, align 4
  %c = call ptr @find_node()
  store i32 1, ptr %c, align 4
  ret void
}
; CHECK-LABEL: define void @freed(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: call void @__fsan_libc_free(
; CHECK: @__fsan_write4(ptr %p,
define void @freed() {
  %p = call ptr @malloc(i64 4)
  store i32 1, ptr %p, align 4
  call void @free(ptr %p)
  store i32 2, ptr %p, align 4
  ret void
}
; What an atomic releases before the block gets out is acquired by those who get it.
; CHECK-LABEL: define ptr @atomic_before(
; CHECK: @__fsan_atomic32_store(ptr %p,
define ptr @atomic_before() {
  %p = call ptr @malloc(i64 4)
  store atomic i32 1, ptr %p release, align 4
  ret ptr %p
}
; CHECK-LABEL: define void @atomic_never(
; CHECK-NOT: @__fsan_atomic
; CHECK: ret void
define void @atomic_never() {
  %p = call ptr @malloc(i64 4)
  store atomic i32 1, ptr %p release, align 4
  ret void
}
