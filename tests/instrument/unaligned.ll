; An access that may cross a cell's border: the cell of its last byte is tested too, and the
; thunk's entry takes a range.
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s

; CHECK-LABEL: define i32 @packed(
; CHECK: ptrtoint ptr %p to i64
; CHECK: %[[FIRST:.*]] = inttoptr i64 %shadow to ptr
; CHECK: add i64 %{{.*}}, 3
; CHECK: %[[LAST:shadow[0-9]+]] = and i64
; CHECK: %[[CELL:.*]] = inttoptr i64 %[[LAST]] to ptr
; CHECK: call void asm {{.*}}"\09cmpq $2, ${0}\0A\09jne 3f\0A\09cmpq $2, ${1}\0A\09je 1f\0A3:
; CHECK-SAME: movq $$4, -24(%rsp)
; CHECK-SAME: jmp __fsan_check_read_range_leaf
; CHECK-SAME: %[[FIRST]], {{.*}} %[[CELL]],
define i32 @packed(ptr %p) {
  %v = load i32, ptr %p, align 1
  ret i32 %v
}
; What the vectoriser makes of an int array: two cells or three.
; CHECK-LABEL: define void @vector_of_ints(
; CHECK: add i64 %{{.*}}, 15
; CHECK: call void asm {{.*}}"\09cmpq $3, ${0}\0A\09jne 2f\0A\09cmpq $3, ${1}\0A\09jne 2f\0A\09cmpq $3, ${2}\0A\09je 1f\0A2:
; CHECK-SAME: movq $$16, -24(%rsp)
; CHECK-SAME: __fsan_check_write_range_leaf
define void @vector_of_ints(ptr %p) {
  store <4 x i32> zeroinitializer, ptr %p, align 4
  ret void
}
; Two bytes at an even address stay within a cell.
; CHECK-LABEL: define i16 @aligned(
; CHECK: asm {{.*}}__fsan_check_read2_leaf
define i16 @aligned(ptr %p) {
  %v = load i16, ptr %p, align 2
  ret i16 %v
}
