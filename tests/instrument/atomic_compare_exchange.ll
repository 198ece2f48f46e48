; A compare-exchange returns the old value and whether it was the expected one.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define { i32, i1 } @strong(
; CHECK: %[[OLD:.*]] = call i32 @__fsan_atomic32_compare_exchange(ptr %p, i32 %e, i32 %d, i32 4, i32 2, i64 %context)
; CHECK-NEXT: %[[VALUE:.*]] = insertvalue { i32, i1 } poison, i32 %[[OLD]], 0
; CHECK-NEXT: %[[EQUAL:.*]] = icmp eq i32 %[[OLD]], %e
; CHECK-NEXT: %r = insertvalue { i32, i1 } %[[VALUE]], i1 %[[EQUAL]], 1
define { i32, i1 } @strong(ptr %p, i32 %e, i32 %d) {
  %r = cmpxchg ptr %p, i32 %e, i32 %d acq_rel acquire, align 4
  ret { i32, i1 } %r
}
; CHECK-LABEL: define i1 @weak_pointer(
; CHECK: %[[E:.*]] = ptrtoint ptr %e to i64
; CHECK: %[[D:.*]] = ptrtoint ptr %d to i64
; CHECK: %[[OLD:.*]] = call i64 @__fsan_atomic64_compare_exchange(ptr %p, i64 %[[E]], i64 %[[D]], i32 5, i32 0, i64 %context)
; CHECK: inttoptr i64 %[[OLD]] to ptr
; CHECK: icmp eq i64 %[[OLD]], %[[E]]
define i1 @weak_pointer(ptr %p, ptr %e, ptr %d) {
  %r = cmpxchg weak ptr %p, ptr %e, ptr %d seq_cst monotonic, align 8
  %ok = extractvalue { ptr, i1 } %r, 1
  ret i1 %ok
}
; CHECK-LABEL: define void @sizes(
; CHECK: call zeroext i8 @__fsan_atomic8_compare_exchange(
; CHECK: call zeroext i16 @__fsan_atomic16_compare_exchange(
; CHECK: call i128 @__fsan_atomic128_compare_exchange(
; CHECK-NOT: cmpxchg
define void @sizes(ptr %p) {
  %1 = cmpxchg ptr %p, i8 1, i8 2 seq_cst seq_cst, align 1
  %2 = cmpxchg ptr %p, i16 1, i16 2 seq_cst seq_cst, align 2
  %3 = cmpxchg ptr %p, i128 1, i128 2 seq_cst seq_cst, align 16
  ret void
}
