; The order that the initialisation of a local static gives goes through its guard.
; RUN: %opt_fsan -S %s | FileCheck %s

@guard = internal global i64 0
declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)
declare void @__cxa_guard_abort(ptr)
declare i32 @__gxx_personality_v0(...)
declare void @initialise()

; CHECK-LABEL: define void @once(
; CHECK: call zeroext i8 @__fsan_atomic8_load(ptr @guard, i32 2, i64 %context)
; CHECK: %first = call i32 @__cxa_guard_acquire(ptr @guard)
; CHECK-NEXT: call void @__fsan_acquire(ptr @guard)
; CHECK: call void @__fsan_release(ptr @guard)
; CHECK-NEXT: call void @__cxa_guard_release(ptr @guard)
; CHECK: call void @__fsan_release(ptr @guard)
; CHECK-NEXT: call void @__cxa_guard_abort(ptr @guard)
define void @once() personality ptr @__gxx_personality_v0 {
  %done = load atomic i8, ptr @guard acquire, align 8
  %is_done = icmp ne i8 %done, 0
  br i1 %is_done, label %exit, label %try
try:
  %first = call i32 @__cxa_guard_acquire(ptr @guard)
  %mine = icmp ne i32 %first, 0
  br i1 %mine, label %init, label %exit
init:
  invoke void @initialise() to label %good unwind label %bad
good:
  call void @__cxa_guard_release(ptr @guard)
  br label %exit
bad:
  %e = landingpad { ptr, i32 } cleanup
  call void @__cxa_guard_abort(ptr @guard)
  resume { ptr, i32 } %e
exit:
  ret void
}
; After an invoke the acquire is on the normal way.
; CHECK-LABEL: define i32 @invoked(
; CHECK: invoke i32 @__cxa_guard_acquire(ptr @guard)
; CHECK-NEXT: to label %[[EDGE:.*]] unwind
; CHECK: [[EDGE]]:
; CHECK-NEXT: call void @__fsan_acquire(ptr @guard)
define i32 @invoked() personality ptr @__gxx_personality_v0 {
  %first = invoke i32 @__cxa_guard_acquire(ptr @guard) to label %good unwind label %bad
good:
  ret i32 %first
bad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}
