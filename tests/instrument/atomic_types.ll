; Pointers and floats travel through the hooks as integers of their size.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define ptr @load_pointer(
; CHECK: %[[BITS:.*]] = call i64 @__fsan_atomic64_load(ptr %p, i32 2, i64 %context)
; CHECK-NEXT: %v = inttoptr i64 %[[BITS]] to ptr
define ptr @load_pointer(ptr %p) {
  %v = load atomic ptr, ptr %p acquire, align 8
  ret ptr %v
}
; CHECK-LABEL: define void @store_pointer(
; CHECK: %[[BITS:.*]] = ptrtoint ptr %v to i64
; CHECK-NEXT: call void @__fsan_atomic64_store(ptr %p, i64 %[[BITS]], i32 3, i64 %context)
define void @store_pointer(ptr %p, ptr %v) {
  store atomic ptr %v, ptr %p release, align 8
  ret void
}
; CHECK-LABEL: define float @load_float(
; CHECK: %[[BITS:.*]] = call i32 @__fsan_atomic32_load(
; CHECK-NEXT: %v = bitcast i32 %[[BITS]] to float
define float @load_float(ptr %p) {
  %v = load atomic float, ptr %p acquire, align 4
  ret float %v
}
; CHECK-LABEL: define double @exchange_double(
; CHECK: %[[BITS:.*]] = bitcast double %v to i64
; CHECK: %[[OLD:.*]] = call i64 @__fsan_atomic64_rmw(ptr %p, i64 %[[BITS]], i32 0, i32 4, i64 %context)
; CHECK: bitcast i64 %[[OLD]] to double
define double @exchange_double(ptr %p, double %v) {
  %old = atomicrmw xchg ptr %p, double %v acq_rel, align 8
  ret double %old
}
; CHECK-LABEL: define ptr @exchange_pointer(
; CHECK: call i64 @__fsan_atomic64_rmw(
; CHECK: inttoptr
define ptr @exchange_pointer(ptr %p, ptr %v) {
  %old = atomicrmw xchg ptr %p, ptr %v seq_cst, align 8
  ret ptr %old
}
