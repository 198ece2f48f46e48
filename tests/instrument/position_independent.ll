; Code for executables addresses the running state and the detector directly, code that may end in
; a shared library through what the dynamic linker knows (no lazy stub, which changes registers).
; RUN: split-file %s %t
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %t/pie.ll | FileCheck %t/pie.ll
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %t/pic.ll | FileCheck %t/pic.ll
; RUN: %opt_fsan -S %t/pie.ll | FileCheck %t/pie.ll --check-prefix=CALL
; RUN: %opt_fsan -S %t/pic.ll | FileCheck %t/pic.ll --check-prefix=CALL

;--- pie.ll
; CHECK: @__fsan_shadow_base = external dso_local global i64
; CHECK: asm sideeffect {{.*}}jmp __fsan_check_read4\0A
; CHECK: call i64 asm "movq %fs:__fsan_running@tpoff+8, $0", "=r,~{memory}"()
; CHECK: call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}", "=r,~{memory}"()
; CALL: asm sideeffect {{.*}}addq __fsan_shadow_base(%rip), %r10\0A{{.*}}movq %fs:__fsan_running@tpoff, %r10\0A{{.*}}jmp __fsan_missed_read4\0A
declare void @other()
define i32 @f(ptr %p) {
  call void @other()
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
!llvm.module.flags = !{!0, !1}
!0 = !{i32 8, !"PIC Level", i32 2}
!1 = !{i32 7, !"PIE Level", i32 2}

;--- pic.ll
; CHECK: @__fsan_shadow_base = external global i64
; CHECK: asm sideeffect {{.*}}jmpq *__fsan_check_read4@GOTPCREL(%rip)\0A
; CHECK: call i64 asm "movq __fsan_running@gottpoff(%rip), $0\0A\09movq %fs:8($0), $0", "=r,~{memory}"()
; CHECK: call i64 asm "movq __fsan_running@gottpoff(%rip), $0\0A\09movq %fs:0($0), $0\0A\09movb $$-1, ${0:b}", "=r,~{memory}"()
; CALL: asm sideeffect {{.*}}movq __fsan_shadow_base@GOTPCREL(%rip), %r11\0A\09addq (%r11), %r10\0A{{.*}}movq __fsan_running@gottpoff(%rip), %r10\0A\09movq %fs:(%r10), %r10\0A{{.*}}jmpq *__fsan_missed_read4@GOTPCREL(%rip)\0A
; CHECK: call i64 asm sideeffect "movq __fsan_running@gottpoff(%rip), $0\0A\09movq $1, %fs:8($0)", "=&r,r,~{memory}"(i64 %context)
declare void @other()
define i32 @f(ptr %p) {
  call void @other()
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
!llvm.module.flags = !{!0}
!0 = !{i32 8, !"PIC Level", i32 2}
