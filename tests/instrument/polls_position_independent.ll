; For a shared library the linker says at run time where the thread's byte is.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls %s | llc-19 -relocation-model=pic | FileCheck %s --check-prefix=CODE

; CHECK: call i32 asm sideeffect "movq ${1:P}@gottpoff(%rip), ${0:q}\0A\09movzbl %fs:(${0:q}), $0", "=&r,^Ws"(ptr @__fiber_preempt_requested)
; CODE: movq __fiber_preempt_requested@GOTTPOFF(%rip), [[AT:%r[a-z0-9]+]]
; CODE-NEXT: movzbl %fs:([[AT]]), [[BYTE:%[a-z0-9]+]]
; CODE: testl [[BYTE]], [[BYTE]]
; CODE-NEXT: jne
target triple = "x86_64-pc-linux-gnu"
define void @spin(ptr %flag) {
entry:
  br label %loop
loop:
  %v = load volatile i32, ptr %flag
  %c = icmp eq i32 %v, 0
  br i1 %c, label %loop, label %exit
exit:
  ret void
}
!llvm.module.flags = !{!0}
!0 = !{i32 8, !"PIC Level", i32 2}
