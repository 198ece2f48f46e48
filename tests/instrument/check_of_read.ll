; The inline check of a naturally aligned read: slot 0 with our write stamp, slot 1 with
; our read stamp; then the stub, which hands address and context to the entry of that size.
; RUN: %opt_fsan -S %s | FileCheck %s

declare void @other()

; CHECK-LABEL: define i32 @read4(ptr %p)
; CHECK-NOT:   alloca
; CHECK:       %[[BASE:.*]] = load i64, ptr @__fsan_shadow_base, align 8, !invariant.load
; CHECK:       %[[WRITTEN:.*]] = call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}"
; CHECK:       %[[READ:.*]] = call i64 asm "btsq $$63, $0"{{.*}}(i64 %[[WRITTEN]])
; CHECK:       %[[P:.*]] = ptrtoint ptr %p to i64
; CHECK:       %[[TWICE:.*]] = shl i64 %[[P]], 1
; CHECK:       %[[SUM:.*]] = add i64 %[[TWICE]], %[[BASE]]
; CHECK:       %[[SHADOW:.*]] = and i64 %[[SUM]], 140737488355312
; CHECK:       %[[CELL:.*]] = inttoptr i64 %[[SHADOW]] to ptr
; CHECK:       call void asm sideeffect alignstack
; CHECK-SAME:  "\09cmpq $1, $0\0A\09je 1f\0A\09cmpq $2, ${0:H}\0A\09jne 2f\0A1:\0A
; CHECK-SAME:  \09.subsection 1\0A2:\0A
; CHECK-SAME:  \09movq %rdi, -24(%rsp)\0A\09leaq $3, %rdi\0A\09callq __fsan_check_read4_leaf\0A\09jmp 1b\0A\09.previous"
; CHECK-SAME:  "*m,r,r,*m,~{dirflag},~{fpsr},~{flags}"
; CHECK-SAME:  (ptr nocapture readnone elementtype(i64) %[[CELL]], i64 %[[WRITTEN]], i64 %[[READ]], ptr nocapture readnone elementtype(i64) %p)
; CHECK-NEXT:  load i32, ptr %p, align 4
; CHECK-NEXT:  ret i32
define i32 @read4(ptr %p) {
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
; A call changes the context that the thread holds: the stub needs the value on entry.
; CHECK-LABEL: define i32 @with_call(ptr %p)
; CHECK:       %context.slot = alloca i64
; CHECK:       store i64 %context, ptr %context.slot
; CHECK:       call void @other()
; CHECK:       leaq $3, %rdi\0A\09pushq $4\0A\09callq __fsan_check_read4\0A\09jmp 1b
; CHECK-SAME:  ptr nocapture readonly elementtype(i64) %context.slot)
define i32 @with_call(ptr %p) {
  call void @other()
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
