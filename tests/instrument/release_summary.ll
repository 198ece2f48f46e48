; Which calls keep a check from standing for the next one: what the callee's body, or a
; table, says it does.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@lock = global i32 0
@table = global ptr null

declare void @unknown()
declare i32 @setjmp(ptr) returns_twice
declare ptr @malloc(i64)
declare void @free(ptr)
declare i64 @strlen(ptr)
declare i64 @read(i32, ptr, i64)
declare double @pow(double, double)
declare ptr @_Znwm(i64)
declare void @qsort(ptr, i64, i64, ptr)
declare i32 @personality(...)
declare void @__cxa_throw(ptr, ptr, ptr) noreturn

define internal i32 @plain(i32 %a) noinline {
  %r = add i32 %a, 1
  ret i32 %r
}
define internal void @calls_plain() noinline {
  %a = call i32 @plain(i32 1)
  ret void
}
define internal void @unlocks() noinline {
  store atomic i32 0, ptr @lock release, align 4
  ret void
}
define internal void @calls_unlocks(i1 %c) noinline {
  br i1 %c, label %rare, label %done
rare:
  call void @unlocks()
  br label %done
done:
  ret void
}
define internal void @locks() noinline {
  %old = atomicrmw xchg ptr @lock, i32 1 acquire
  ret void
}
define internal void @counts() noinline {
  %old = atomicrmw add ptr @lock, i32 1 monotonic
  ret void
}
define weak void @weak() {
  ret void
}
define linkonce_odr void @inline_function() noinline {
  ret void
}
@alias = internal alias void (), ptr @calls_plain

; CHECK-LABEL: define void @to_plain(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
define void @to_plain(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @calls_plain()
  call void @inline_function()
  call void @alias()
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_release(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_release(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @unlocks()
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_release_deeper(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_release_deeper(ptr %p, i1 %c) {
  store i32 1, ptr %p, align 4
  call void @calls_unlocks(i1 %c)
  store i32 2, ptr %p, align 4
  ret void
}
; What comes in does not change what went out.
; CHECK-LABEL: define void @to_acquire(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
define void @to_acquire(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @locks()
  call void @counts()
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_weak(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_weak(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @weak()
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_pointer(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_pointer(ptr %p, ptr %f) {
  store i32 1, ptr %p, align 4
  call void %f()
  store i32 2, ptr %p, align 4
  ret void
}
; A function that is called again by what it calls adds nothing of its own.
define internal void @even(i32 %n) noinline {
  call void @odd(i32 %n)
  ret void
}
define internal void @odd(i32 %n) noinline {
  call void @even(i32 %n)
  ret void
}
define internal void @even_and_more(i32 %n) noinline {
  call void @odd_and_more(i32 %n)
  ret void
}
define internal void @odd_and_more(i32 %n) noinline {
  call void @even_and_more(i32 %n)
  call void @unlocks()
  ret void
}
; CHECK-LABEL: define void @to_recursion(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
define void @to_recursion(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @even(i32 1)
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_recursion_that_releases(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_recursion_that_releases(ptr %p) {
  store i32 1, ptr %p, align 4
  call void @even_and_more(i32 1)
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_libraries(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
define void @to_libraries(ptr %p) {
  store i32 1, ptr %p, align 4
  %m = call ptr @malloc(i64 8)
  %n = call i64 @strlen(ptr %m)
  call void @free(ptr %m)
  %x = call double @pow(double 1.0, double 2.0)
  store i32 2, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @to_descriptor(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_descriptor(ptr %p) {
  store i32 1, ptr %p, align 4
  %n = call i64 @read(i32 0, ptr null, i64 0)
  store i32 2, ptr %p, align 4
  ret void
}
; It calls back.
; CHECK-LABEL: define void @to_sort(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_sort(ptr %p, ptr %f) {
  store i32 1, ptr %p, align 4
  call void @qsort(ptr null, i64 0, i64 1, ptr %f)
  store i32 2, ptr %p, align 4
  ret void
}
; The program may have an operator of its own, with a lock.
; CHECK-LABEL: define void @to_operator_new(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_operator_new(ptr %p) {
  store i32 1, ptr %p, align 4
  %m = call ptr @_Znwm(i64 8)
  store i32 2, ptr %p, align 4
  ret void
}
; The C library may not be meant.
; CHECK-LABEL: define void @without_builtins(
; CHECK-COUNT-2: @__fsan_write4(
define void @without_builtins(ptr %p) "no-builtins" {
  store i32 1, ptr %p, align 4
  %x = call double @pow(double 1.0, double 2.0)
  store i32 2, ptr %p, align 4
  ret void
}
; longjmp brings nothing along: what was known before setjmp is forgotten.
; CHECK-LABEL: define void @set_jump(
; CHECK-COUNT-2: @__fsan_write4(
define void @set_jump(ptr %p, ptr %b) {
  store i32 1, ptr %p, align 4
  %n = call i32 @setjmp(ptr %b)
  store i32 2, ptr %p, align 4
  ret void
}
; A release on the way out of the function by a throw is none for who was returned to ...
define internal void @unlocks_and_throws(i1 %c) noinline {
  br i1 %c, label %bad, label %good
good:
  ret void
bad:
  call void @unlocks()
  call void @__cxa_throw(ptr null, ptr null, ptr null)
  unreachable
}
; CHECK-LABEL: define void @to_throw(
; CHECK-COUNT-1: @__fsan_write4(
; CHECK-NOT: @__fsan_write4(
define void @to_throw(ptr %p, i1 %c) {
  store i32 1, ptr %p, align 4
  call void @unlocks_and_throws(i1 %c)
  store i32 2, ptr %p, align 4
  ret void
}
; ... but one for who catches it.
; CHECK-LABEL: define void @to_catch(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_catch(ptr %p, i1 %c) personality ptr @personality {
  store i32 1, ptr %p, align 4
  invoke void @unlocks_and_throws(i1 %c) to label %good unwind label %bad
good:
  ret void
bad:
  %e = landingpad { ptr, i32 } catch ptr null
  store i32 2, ptr %p, align 4
  ret void
}
; Nor does a function that catches what it calls hide it.
define internal void @catches(i1 %c) noinline personality ptr @personality {
  invoke void @unlocks_and_throws(i1 %c) to label %good unwind label %bad
good:
  ret void
bad:
  %e = landingpad { ptr, i32 } catch ptr null
  ret void
}
; CHECK-LABEL: define void @to_catching(
; CHECK-COUNT-2: @__fsan_write4(
define void @to_catching(ptr %p, i1 %c) {
  store i32 1, ptr %p, align 4
  call void @catches(i1 %c)
  store i32 2, ptr %p, align 4
  ret void
}
