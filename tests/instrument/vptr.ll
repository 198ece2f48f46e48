; The pointer to an object's virtual functions has hooks of its own; the one that sets it is
; given the value, and covers no other check, because it makes none when the value is the same.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@_ZTV5Shape = external constant { [4 x ptr] }

; CHECK-LABEL: @call(
; CHECK: call preserve_mostcc void @__fsan_read_vptr(ptr %object, i64 %context)
define ptr @call(ptr %object) {
  %vtable = load ptr, ptr %object, align 8, !tbaa !0
  ret ptr %vtable
}

; CHECK-LABEL: @destroy(
; CHECK-DAG: call preserve_mostcc void @__fsan_write_vptr(ptr %object, ptr %first, i64 %context)
; CHECK-DAG: call preserve_mostcc void @__fsan_write_vptr(ptr %object, ptr %second, i64 %context)
define void @destroy(ptr %object, ptr %first, ptr %second) {
  store ptr %first, ptr %object, align 8, !tbaa !0
  store ptr %second, ptr %object, align 8, !tbaa !0
  ret void
}

; Without type-based alias analysis.
; CHECK-LABEL: @construct(
; CHECK: call preserve_mostcc void @__fsan_write_vptr(ptr %object, ptr {{.*}}@_ZTV5Shape
define void @construct(ptr %object) {
  store ptr getelementptr inbounds ({ [4 x ptr] }, ptr @_ZTV5Shape, i64 0, i32 0, i64 2), ptr %object, align 8
  ret void
}

; CHECK-LABEL: @covered(
; CHECK-NOT: vptr
; CHECK: ret
define void @covered(ptr %object, ptr %value) {
  store ptr %value, ptr %object, align 8
  store ptr %value, ptr %object, align 8, !tbaa !0
  ret void
}

; CHECK-LABEL: @other_pointer(
; CHECK: call preserve_mostcc void @__fsan_write8(ptr %object, i64 %context)
define void @other_pointer(ptr %object, ptr %value) {
  store ptr %value, ptr %object, align 8
  ret void
}

!0 = !{!1, !1, i64 0}
!1 = !{!"vtable pointer", !2, i64 0}
!2 = !{!"Simple C++ TBAA"}
