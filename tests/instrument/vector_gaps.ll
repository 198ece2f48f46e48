; The vectoriser reads across fields that the program does not read. Only the elements
; that are used are checked.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

; CHECK-LABEL: define <2 x i32> @every_other(
; CHECK-NOT: i64 16
; CHECK-DAG: call preserve_mostcc void @__fsan_read4(ptr %p, i64 %context)
; CHECK-DAG: %[[THIRD:.*]] = getelementptr i8, ptr %p, i64 8
; CHECK-DAG: call preserve_mostcc void @__fsan_read4(ptr %[[THIRD]], i64 %context)
; CHECK-NOT: @__fsan_read{{.*}}(ptr
define <2 x i32> @every_other(ptr %p) {
  %v = load <4 x i32>, ptr %p, align 16
  %used = shufflevector <4 x i32> %v, <4 x i32> poison, <2 x i32> <i32 0, i32 2>
  ret <2 x i32> %used
}
; Neighbours are one access.
; CHECK-LABEL: define i64 @first_half(
; CHECK: call preserve_mostcc void @__fsan_read8(ptr %p, i64 %context)
define i64 @first_half(ptr %p) {
  %v = load <4 x i32>, ptr %p, align 16
  %a = extractelement <4 x i32> %v, i32 0
  %b = extractelement <4 x i32> %v, i64 1
  %wide = zext i32 %a to i64
  %sum = add i64 %wide, 1
  %ignored = xor i32 %b, 1
  ret i64 %sum
}
; Any other use is a use of everything.
; CHECK-LABEL: define <4 x i32> @all(
; CHECK: call preserve_mostcc void @__fsan_read16(ptr %p, i64 %context)
define <4 x i32> @all(ptr %p, i32 %i) {
  %v = load <4 x i32>, ptr %p, align 16
  %used = extractelement <4 x i32> %v, i32 0
  ret <4 x i32> %v
}
; CHECK-LABEL: define i32 @unknown_index(
; CHECK: call preserve_mostcc void @__fsan_read16(ptr %p, i64 %context)
define i32 @unknown_index(ptr %p, i32 %i) {
  %v = load <4 x i32>, ptr %p, align 16
  %used = extractelement <4 x i32> %v, i32 %i
  ret i32 %used
}
