; An object that others learn of later needs no check before that: local variables, by-value
; arguments, fresh heap blocks. Beside each case the nearest one that needs its check.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-calls-only -fibersan-without=private,fresh-heap -S %s | FileCheck %s --check-prefix=OFF
; OFF-LABEL: define i32 @variable(
; OFF: @__fsan_write4(ptr %x,
; OFF-LABEL: define ptr @heap_block(
; OFF: @__fsan_write4(ptr %p,

@_ZTV5Shape = external constant [4 x ptr]

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

; CHECK-LABEL: define i32 @variable(
; CHECK-NOT: @__fsan_{{read|write}}
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
; CHECK-NOT: @__fsan_{{read|write}}
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
; But it has another heap block.
; CHECK-LABEL: define void @heap_in_loop(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: call void @publish(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: done:
; CHECK: @__fsan_write4(ptr %p,
define void @heap_in_loop() {
  br label %loop
loop:
  %p = call ptr @malloc(i64 4)
  br label %body
body:
  store i32 1, ptr %p, align 4
  call void @publish(ptr %p)
  %again = call i1 @more()
  br i1 %again, label %loop, label %done
done:
  store i32 2, ptr %p, align 4
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
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: store ptr %x, ptr %closure
; CHECK: @__fsan_write4(ptr %x,
define void @closure() {
  %x = alloca i32, align 4
  %closure = alloca ptr, align 8
  store i32 1, ptr %x, align 4
  store ptr %x, ptr %closure, align 8
  store i32 2, ptr %x, align 4
  call void @publish(ptr %closure)
  ret void
}
; The store that captures is behind its capture.
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
; CHECK-NOT: @__fsan_{{read|write}}
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
; Comparing and returning tell nobody here.
; CHECK-LABEL: define ptr @heap_block(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: ret ptr
define ptr @heap_block(ptr %other) {
  %p = call ptr @malloc(i64 8)
  %is_other = icmp eq ptr %p, %other
  store i32 1, ptr %p, align 4
  %at = getelementptr i8, ptr %p, i64 4
  store i32 1, ptr %at, align 4
  ret ptr %p
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
; The stamp of a constructor tells a vptr that is set again from fresh memory.
; CHECK-LABEL: define ptr @vptr(
; CHECK: @__fsan_write_vptr(ptr %p,
; CHECK-NOT: @__fsan_write
; CHECK: ret ptr
define ptr @vptr() {
  %p = call ptr @_Znwm(i64 16)
  store ptr @_ZTV5Shape, ptr %p, align 8
  %member = getelementptr i8, ptr %p, i64 8
  store i32 1, ptr %member, align 8
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
