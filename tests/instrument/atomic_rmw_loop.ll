; Operations that the hooks do not know become a loop around the compare-exchange.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define float @add_float(
; CHECK: %[[FIRST:.*]] = call i32 @__fsan_atomic32_load(ptr %p, i32 0, i64 %context)
; CHECK-NEXT: br label %rmw.loop
; CHECK: rmw.loop:
; CHECK-NEXT: %[[OLD:.*]] = phi i32 [ %[[FIRST]], %{{.*}} ], [ %[[SEEN:.*]], %rmw.loop ]
; CHECK-NEXT: %[[BEFORE:.*]] = bitcast i32 %[[OLD]] to float
; CHECK-NEXT: %[[SUM:.*]] = fadd float %[[BEFORE]], %v
; CHECK-NEXT: %[[DESIRED:.*]] = bitcast float %[[SUM]] to i32
; CHECK-NEXT: %[[SEEN]] = call i32 @__fsan_atomic32_compare_exchange(ptr %p, i32 %[[OLD]], i32 %[[DESIRED]], i32 5, i32 0, i64 %context)
; CHECK-NEXT: %[[DONE:.*]] = icmp eq i32 %[[SEEN]], %[[OLD]]
; CHECK-NEXT: br i1 %[[DONE]], label %rmw.done, label %rmw.loop
; CHECK: rmw.done:
; CHECK-NEXT: bitcast i32 %[[OLD]] to float
define float @add_float(ptr %p, float %v) {
  %old = atomicrmw fadd ptr %p, float %v seq_cst, align 4
  ret float %old
}
; CHECK-LABEL: define double @maximum(
; CHECK: call double @llvm.maxnum.f64(
; CHECK: @__fsan_atomic64_compare_exchange(
define double @maximum(ptr %p, double %v) {
  %old = atomicrmw fmax ptr %p, double %v acq_rel, align 8
  ret double %old
}
; CHECK-LABEL: define i64 @wrapping(
; CHECK: icmp uge i64
; CHECK: @__fsan_atomic64_compare_exchange({{.*}}, i32 0, i32 0, i64 %context)
; CHECK: icmp
; CHECK: @__fsan_atomic64_compare_exchange(
; CHECK-NOT: atomicrmw
define i64 @wrapping(ptr %p, i64 %v) {
  %a = atomicrmw uinc_wrap ptr %p, i64 %v monotonic, align 8
  %b = atomicrmw udec_wrap ptr %p, i64 %v monotonic, align 8
  ret i64 %b
}
; A known operation needs no loop.
; CHECK-LABEL: define i32 @add_int(
; CHECK-NOT: rmw.loop
; CHECK: ret i32
define i32 @add_int(ptr %p) {
  %old = atomicrmw add ptr %p, i32 1 seq_cst, align 4
  ret i32 %old
}
