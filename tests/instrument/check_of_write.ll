; The check of a write looks for a write stamp in slot 0 only.
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s

; CHECK-LABEL: define void @write4(ptr %p)
; CHECK:       %stamp = call i64 asm {{.*}}movb $$-1, ${0:b}"
; CHECK:       call void asm {{.*}}"\09cmpq $1, ${0}\0A\09je 1f\0A2:\0A
; CHECK-SAME:  callq \22.L__fsan_check_write4_leaf
; CHECK-SAME:  i64 %stamp, ptr nocapture readnone elementtype(i64) %p)
; CHECK-NEXT:  store i32 1, ptr %p, align 4
define void @write4(ptr %p) {
  store i32 1, ptr %p, align 4
  ret void
}
