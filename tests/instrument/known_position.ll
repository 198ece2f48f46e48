; Where the position in the cell is known, the mask is a constant.
; RUN: %opt_fsan -S %s | FileCheck %s

@global = global [4 x i32] zeroinitializer, align 16

; CHECK-LABEL: @second_half(
; CHECK-NOT: fshl
; CHECK: masked:
; CHECK: or i64 %slot{{.*}}, 15
define i32 @second_half() {
  %v = load i32, ptr getelementptr (i8, ptr @global, i64 4), align 4
  ret i32 %v
}
; CHECK-LABEL: @over_aligned(
; CHECK-NOT: fshl
; CHECK: masked:
; CHECK: or i64 %slot{{.*}}, 252
define i16 @over_aligned(ptr %p) {
  %v = load i16, ptr %p, align 8
  ret i16 %v
}
; CHECK-LABEL: @unknown(
; CHECK: call i8 @llvm.fshl.i8(i8 -4, i8 -4,
define i16 @unknown(ptr %p) {
  %v = load i16, ptr %p, align 2
  ret i16 %v
}
