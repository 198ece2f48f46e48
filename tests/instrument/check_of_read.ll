; The inline check of a naturally aligned read: slot 0 with our write stamp, slot 1 with
; our read stamp; then the call of a thunk, which hands address and context to the entry of that
; size. It is defined once for all checks that want the same of it.
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s

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
; CHECK-SAME:  "\09cmpq $1, ${0}\0A\09je 1f\0A3:\0A\09cmpq $2, ${0:H}\0A\09je 1f\0A2:\0A
; CHECK-SAME:  \09callq [[THUNK:.22.L__fsan_check_read4_leaf \$3.22]]\0A1:\0A\09.ifndef [[THUNK]]\0A
; CHECK-SAME:  \09.pushsection .text.fibersan,\22ax\22,@progbits\0A[[THUNK]]:\0A
; CHECK-SAME:  \09.cfi_startproc\0A\09movq %rdi, -16(%rsp)\0A\09leaq $3, %rdi\0A\09jmp __fsan_check_read4_leaf\0A\09.cfi_endproc\0A\09.popsection\0A\09.endif\0A"
; CHECK-SAME:  "*m,r,r,*m,~{flags}"
; CHECK-SAME:  (ptr nocapture readnone elementtype(i64) %[[CELL]], i64 %[[WRITTEN]], i64 %[[READ]], ptr nocapture readnone elementtype(i64) %p)
; CHECK-NEXT:  load i32, ptr %p, align 4
; CHECK-NEXT:  ret i32
define i32 @read4(ptr %p) {
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
; A call changes the context that the thread holds: the thunk passes the value on entry. What it jumps to is
; defined at the function's entry, unless the object file has it already.
; CHECK-LABEL: define i32 @with_call(ptr %p)
; CHECK:       %context.slot = alloca i64
; CHECK-NEXT:  call void asm sideeffect "\09.ifndef \22.L__fsan_check_read4 with $0\22\0A
; CHECK-SAME:  popq -24(%rsp)\0A\09.cfi_def_cfa_offset 0\0A\09.cfi_offset %rip, -24\0A
; CHECK-SAME:  \09pushq $0\0A\09.cfi_def_cfa_offset 8\0A
; CHECK-SAME:  \09pushq -16(%rsp)\0A\09.cfi_def_cfa_offset 16\0A\09.cfi_offset %rip, -16\0A\09jmp __fsan_check_read4\0A
; CHECK-SAME:  "*m"(ptr nocapture readonly elementtype(i64) %context.slot)
; CHECK:       store i64 %context, ptr %context.slot
; CHECK:       call void @other()
; CHECK:       callq \22.L__fsan_check_read4 $3 $4\22
; CHECK-SAME:  movq %rdi, -24(%rsp)\0A\09leaq $3, %rdi\0A\09jmp \22.L__fsan_check_read4 with $4\22\0A\09.cfi_endproc
; CHECK-SAME:  ptr nocapture readonly elementtype(i64) %context.slot)
define i32 @with_call(ptr %p) {
  call void @other()
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
; An object in the frame may be addressed by rsp: the address is computed while rsp is as before.
; CHECK-LABEL: define i32 @in_frame(
; CHECK:       callq \22.L__fsan_check_read4 $3 $4\22
; CHECK-SAME:  :\0A\09.cfi_startproc\0A\09popq -48(%rsp)\0A\09.cfi_def_cfa_offset 0\0A\09.cfi_offset %rip, -48\0A
; CHECK-SAME:  \09movq %rdi, -32(%rsp)\0A\09leaq $3, %rdi\0A\09pushq -48(%rsp)\0A\09.cfi_def_cfa_offset 8\0A\09.cfi_offset %rip, -8\0A\09jmp
declare void @take(ptr)
define i32 @in_frame() {
  %x = alloca i32
  call void @take(ptr %x)
  %v = load i32, ptr %x, align 4
  ret i32 %v
}
