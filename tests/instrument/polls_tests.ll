; Where a loop cannot be counted, its back-edge has a test; where nothing can run for long, there is none.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fiber-preemption.so -passes='default<O0>' -S %s | FileCheck %s

; CHECK: @__fiber_preempt_requested = external dso_local thread_local(initialexec) global i8

; CHECK-LABEL: define i32 @spin(
; CHECK: load atomic
; CHECK: call i32 asm sideeffect "movzbl %fs:${1:P}@tpoff, $0", "=r,^Ws"(ptr @__fiber_preempt_requested)
; CHECK: br i1 %preempt.requested, label %[[COLD:.*]], label %[[ON:.*]], !prof
; CHECK: [[COLD]]:
; CHECK-NEXT: call preserve_mostcc void @__fiber_preempt() #[[NOUNWIND:[0-9]+]]
; CHECK-NEXT: br label %[[ON]]
; CHECK: [[ON]]:
; CHECK-NEXT: br i1 %c
define i32 @spin(ptr %flag) memory(argmem: readwrite) nosync {
entry:
  br label %loop
loop:
  %v = load atomic i32, ptr %flag seq_cst, align 4
  %c = icmp eq i32 %v, 0
  br i1 %c, label %loop, label %exit
exit:
  ret i32 %v
}
; What the optimiser had concluded is no longer true.
; CHECK-LABEL: define i32 @calls_spin(
; CHECK: call i32 @spin(ptr %p){{$}}
define i32 @calls_spin(ptr %p) {
  %v = call i32 @spin(ptr %p) memory(argmem: readwrite)
  ret i32 %v
}
; CHECK-LABEL: define void @known_and_short(
; CHECK-NOT: preempt
; CHECK: ret void
define void @known_and_short(ptr %p) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i8, ptr %p, i64 %i
  store i8 0, ptr %at
  %next = add i64 %i, 1
  %more = icmp ne i64 %next, 16
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; One poll for a path with several recursive calls, none for the path without.
; CHECK-LABEL: define i32 @recursive(
; CHECK: icmp
; CHECK-NEXT: br i1
; CHECK: asm sideeffect "movzbl
; CHECK: call i32 @recursive
; CHECK-NOT: asm sideeffect "movzbl
; CHECK: call i32 @recursive
; CHECK-NOT: asm sideeffect "movzbl
; CHECK: ret i32 %n
define i32 @recursive(i32 %n) {
  %leaf = icmp ult i32 %n, 2
  br i1 %leaf, label %end, label %more
more:
  %a = sub i32 %n, 1
  %x = call i32 @recursive(i32 %a)
  %b = sub i32 %n, 2
  %y = call i32 @recursive(i32 %b)
  %s = add i32 %x, %y
  ret i32 %s
end:
  ret i32 %n
}
; One poll for each cycle of calls is enough.
; CHECK-LABEL: define void @ping(
; CHECK-NOT: asm sideeffect "movzbl
; CHECK: call void @pong
define void @ping(i32 %n) {
  call void @pong(i32 %n)
  ret void
}
; CHECK-LABEL: define void @pong(
; CHECK: asm sideeffect "movzbl
; CHECK: call void @ping
define void @pong(i32 %n) {
  call void @ping(i32 %n)
  ret void
}
; Into the middle of a cycle.
; CHECK-LABEL: define void @irreducible(
; CHECK: asm sideeffect "movzbl
; CHECK: ret void
define void @irreducible(i1 %c, ptr %p) {
entry:
  br i1 %c, label %a, label %b
a:
  %x = load volatile i1, ptr %p
  br i1 %x, label %b, label %exit
b:
  %y = load volatile i1, ptr %p
  br i1 %y, label %a, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @by_assembly(
; CHECK: asm sideeffect "movzbl
; CHECK: callbr
define void @by_assembly() {
entry:
  br label %loop
loop:
  callbr void asm sideeffect "jmp ${0:l}", "!i"() to label %exit [label %loop]
exit:
  ret void
}
; CHECK-LABEL: define void @by_exception(
; CHECK: landingpad
; CHECK: asm sideeffect "movzbl
declare void @may_throw()
declare i32 @__gxx_personality_v0(...)
define void @by_exception() personality ptr @__gxx_personality_v0 {
entry:
  br label %try
try:
  invoke void @may_throw() to label %exit unwind label %catch
catch:
  %e = landingpad { ptr, i32 } catch ptr null
  br label %try
exit:
  ret void
}
; Its accesses are not checked, others may run all the same.
; CHECK-LABEL: define void @ignored(
; CHECK: asm sideeffect "movzbl
define void @ignored(ptr %flag) disable_sanitizer_instrumentation {
entry:
  br label %loop
loop:
  %v = load volatile i32, ptr %flag
  %c = icmp eq i32 %v, 0
  br i1 %c, label %loop, label %exit
exit:
  ret void
}
; CHECK-LABEL: define void @naked(
; CHECK-NOT: preempt
; CHECK: unreachable
define void @naked() naked {
entry:
  br label %loop
loop:
  call void asm sideeffect "nop", ""()
  br label %loop
dead:
  unreachable
}
; CHECK-LABEL: define x86_intrcc void @interrupt(
; CHECK-NOT: preempt
; CHECK: br label %loop
define x86_intrcc void @interrupt(ptr byval(i64) %frame) {
entry:
  br label %loop
loop:
  br label %loop
}
; CHECK: attributes #[[NOUNWIND]] = { nounwind }
