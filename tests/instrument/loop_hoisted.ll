; The check of an address that stays the same moves before a loop that does not release, when the
; access surely comes first. Then the nearest loops where it must not.
; RUN: %opt_fsan -S -fibersan-calls-only %s | FileCheck %s
; RUN: %opt_fsan -S -fibersan-calls-only -fibersan-without=hoisted %s | FileCheck %s --check-prefix=WITHOUT
; WITHOUT-LABEL: define void @always(
; WITHOUT: loop:
; WITHOUT: @__fsan_write4(
;
; It is inline there, though nothing says that the function is called often.
; RUN: %opt_fsan -S %s | FileCheck %s --check-prefix=INLINE
; INLINE-LABEL: define void @always(
; INLINE: entry:
; INLINE: asm {{.*}}cmp{{.*}}__fsan_check_write4
; INLINE: loop:

declare void @other()
declare void @may_exit() memory(none) nounwind
declare i1 @pure() memory(none) nounwind willreturn
declare i32 @setjmp(ptr) returns_twice
declare void @longjmp(ptr, i32) noreturn

; CHECK-LABEL: define void @always(
; CHECK: entry:
; CHECK: @__fsan_write4(ptr %p, i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @always(ptr %p) {
entry:
  br label %loop
loop:
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}

; Out of both loops.
; CHECK-LABEL: define void @nest(
; CHECK: entry:
; CHECK: @__fsan_write4(ptr %p, i64 %context)
; CHECK: outer:
; CHECK-NOT: @__fsan_
; CHECK: ret void
define void @nest(ptr %p) {
entry:
  br label %outer
outer:
  br label %loop
loop:
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %outer.latch
outer.latch:
  %more.outer = call i1 @pure()
  br i1 %more.outer, label %outer, label %exit
exit:
  ret void
}

; An acquire behind the access: the earlier check stands for what comes after it, and what it moved
; over orders nothing.
; CHECK-LABEL: define void @acquire_behind(
; CHECK: entry:
; CHECK: @__fsan_read4(ptr %p, i64 %context)
; CHECK: loop:
; CHECK-NOT: @__fsan_read4(
; CHECK: ret void
define void @acquire_behind(ptr %p, ptr %flag) {
entry:
  br label %loop
loop:
  %v = load i32, ptr %p, align 4
  %seen = load atomic i32, ptr %flag acquire, align 4
  %more = icmp eq i32 %seen, 0
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @acquire_before(
; CHECK: loop:
; CHECK: @__fsan_read4(
define void @acquire_before(ptr %p, ptr %flag) {
entry:
  br label %loop
loop:
  %seen = load atomic i32, ptr %flag acquire, align 4
  %v = load i32, ptr %p, align 4
  %more = icmp eq i32 %seen, 0
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @release_behind(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @release_behind(ptr %p, ptr %flag) {
entry:
  br label %loop
loop:
  store i32 1, ptr %p, align 4
  store atomic i32 1, ptr %flag release, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @call(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @call(ptr %p) {
entry:
  br label %loop
loop:
  store i32 1, ptr %p, align 4
  call void @other()
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @conditional(
; CHECK: rare:
; CHECK: @__fsan_write4(
define void @conditional(ptr %p) {
entry:
  br label %loop
loop:
  %is = call i1 @pure()
  br i1 %is, label %rare, label %latch
rare:
  store i32 1, ptr %p, align 4
  br label %latch
latch:
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @exit_before(
; CHECK: body:
; CHECK: @__fsan_write4(
define void @exit_before(ptr %p) {
entry:
  br label %loop
loop:
  %more = call i1 @pure()
  br i1 %more, label %body, label %exit
body:
  store i32 1, ptr %p, align 4
  br label %loop
exit:
  ret void
}
; A call that ends the program, or never ends.
; CHECK-LABEL: define void @may_end_before(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @may_end_before(ptr %p) {
entry:
  br label %loop
loop:
  call void @may_exit()
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; An inner loop of which nobody knows that it ends.
; CHECK-LABEL: define void @endless_before(
; CHECK: behind:
; CHECK: @__fsan_write4(
define void @endless_before(ptr %p) {
entry:
  br label %loop
loop:
  br label %inner
inner:
  %again = call i1 @pure()
  br i1 %again, label %inner, label %behind
behind:
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; The same without a loop that has one entry.
; CHECK-LABEL: define void @irreducible_before(
; CHECK: behind:
; CHECK: @__fsan_write4(
define void @irreducible_before(ptr %p, i1 %way) {
entry:
  br label %loop
loop:
  br i1 %way, label %left, label %right
left:
  br label %right
right:
  %again = call i1 @pure()
  br i1 %again, label %left, label %behind
behind:
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @volatile_before(
; CHECK: loop:
; CHECK: @__fsan_write4(ptr %p
define void @volatile_before(ptr %p, ptr %device) {
entry:
  br label %loop
loop:
  %v = load volatile i32, ptr %device, align 4
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @setjmp_before(
; CHECK: loop:
; CHECK: @__fsan_write4(
define void @setjmp_before(ptr %p, ptr %buffer) {
entry:
  br label %loop
loop:
  %r = call i32 @setjmp(ptr %buffer) returns_twice
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @longjmp_before(
; CHECK: behind:
; CHECK: @__fsan_write4(
define void @longjmp_before(ptr %p, ptr %buffer, i1 %jumps) {
entry:
  br label %loop
loop:
  br i1 %jumps, label %jump, label %behind
jump:
  call void @longjmp(ptr %buffer, i32 1)
  unreachable
behind:
  store i32 1, ptr %p, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; Loaded anew in each iteration. Where it is loaded from stays the same.
; CHECK-LABEL: define void @loaded_address(
; CHECK: entry:
; CHECK: @__fsan_read8(ptr %p
; CHECK: loop:
; CHECK: @__fsan_write4(ptr %q
define void @loaded_address(ptr %p) {
entry:
  br label %loop
loop:
  %q = load ptr, ptr %p, align 8
  store i32 1, ptr %q, align 4
  %more = call i1 @pure()
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
