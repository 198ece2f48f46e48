; invoke is a call; a frame that an exception leaves has nothing to put back.
; RUN: %opt_fsan -S %s | FileCheck %s

declare void @may_throw()
declare i32 @__gxx_personality_v0(...)

; CHECK-LABEL: define void @catches(
; CHECK: asm sideeffect "movq $0, %fs:{{.*}}(i64 %{{[0-9]+}})
; CHECK-NEXT: invoke void @may_throw()
; CHECK: normal:
; CHECK-NEXT: call void asm sideeffect "movq $0, %fs:{{.*}}(i64 %context)
; CHECK-NEXT: ret void
; CHECK: handler:
; CHECK-NEXT: landingpad
; CHECK-NEXT: catch ptr null
; CHECK-NEXT: call void asm sideeffect "movq $0, %fs:{{.*}}(i64 %context)
; CHECK-NEXT: ret void
define void @catches() personality ptr @__gxx_personality_v0 {
  invoke void @may_throw() to label %normal unwind label %handler
normal:
  ret void
handler:
  %e = landingpad { ptr, i32 } catch ptr null
  ret void
}
; CHECK-LABEL: define void @passes_on(
; CHECK: handler:
; CHECK-NOT: asm sideeffect
; CHECK: resume
define void @passes_on() personality ptr @__gxx_personality_v0 {
  invoke void @may_throw() to label %normal unwind label %handler
normal:
  ret void
handler:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}
