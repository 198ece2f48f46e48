; Vectors of up to 64 bytes are checked inline, one comparison for each cell.
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s

; All cells as written, or else all as read.
; CHECK-LABEL: define <4 x float> @read16(
; CHECK: %[[SECOND:.*]] = add i64 %shadow, 16
; CHECK: call void asm {{.*}}"\09cmpq $2, ${0}\0A\09jne 3f\0A\09cmpq $2, ${1}\0A\09je 1f\0A
; CHECK-SAME: 3:\0A\09cmpq $3, ${0:H}\0A\09jne 2f\0A\09cmpq $3, ${1:H}\0A\09je 1f\0A2:
; CHECK-SAME: movq $$16, -24(%rsp)
; CHECK-SAME: __fsan_check_read_range_leaf
; CHECK-SAME: i64 %stamp, i64 %read.stamp
; CHECK-NEXT: load <4 x float>
define <4 x float> @read16(ptr %p) {
  %v = load <4 x float>, ptr %p, align 16
  ret <4 x float> %v
}
; CHECK-LABEL: define void @write64(
; CHECK: call void asm {{.*}}cmpq $8, ${0}{{.*}}cmpq $8, ${7}\0A\09je 1f\0A2:
; CHECK-SAME: movq $$64, -24(%rsp)
; CHECK-SAME: __fsan_check_write_range_leaf
define void @write64(ptr %p) {
  store <16 x i32> zeroinitializer, ptr %p, align 64
  ret void
}
; More goes to the hook at once.
; CHECK-LABEL: define void @write128(
; CHECK-NOT: asm sideeffect
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 128, i64 %context)
; CHECK-NEXT: store <32 x i32>
define void @write128(ptr %p) {
  store <32 x i32> zeroinitializer, ptr %p, align 64
  ret void
}
