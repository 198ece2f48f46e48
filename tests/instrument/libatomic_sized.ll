; Calls of libatomic for one size become the hooks of that size.
; RUN: %opt_fsan -S %s | FileCheck %s

declare i64 @__atomic_load_8(ptr, i32)
declare void @__atomic_store_8(ptr, i64, i32)
declare i128 @__atomic_exchange_16(ptr, i128, i32)
declare zeroext i1 @__atomic_compare_exchange_4(ptr, ptr, i32, i32, i32)
declare i32 @__atomic_fetch_sub_4(ptr, i32, i32)
declare i32 @__atomic_nand_fetch_4(ptr, i32, i32)
declare i64 @__atomic_fetch_max_8(ptr, i64, i32)

; CHECK-LABEL: define i64 @load(
; CHECK: %[[V:.*]] = call i64 @__fsan_atomic64_load(ptr %p, i32 %order, i64 %context)
; CHECK-NEXT: ret i64 %[[V]]
define i64 @load(ptr %p, i32 %order) {
  %v = call i64 @__atomic_load_8(ptr %p, i32 %order)
  ret i64 %v
}
; CHECK-LABEL: define void @store(
; CHECK: call void @__fsan_atomic64_store(ptr %p, i64 1, i32 5, i64 %context)
; CHECK-NEXT: ret void
define void @store(ptr %p) {
  call void @__atomic_store_8(ptr %p, i64 1, i32 5)
  ret void
}
; CHECK-LABEL: define i128 @exchange(
; CHECK: call i128 @__fsan_atomic128_rmw(ptr %p, i128 1, i32 0, i32 5, i64 %context)
define i128 @exchange(ptr %p) {
  %v = call i128 @__atomic_exchange_16(ptr %p, i128 1, i32 5)
  ret i128 %v
}
; On failure libatomic stores what it saw.
; CHECK-LABEL: define i1 @compare_exchange(
; CHECK: %[[E:.*]] = load i32, ptr %e, align 1
; CHECK: %[[OLD:.*]] = call i32 @__fsan_atomic32_compare_exchange(ptr %p, i32 %[[E]], i32 2, i32 5, i32 0, i64 %context)
; CHECK: %[[EQUAL:.*]] = icmp eq i32 %[[OLD]], %[[E]]
; CHECK: store i32 %[[OLD]], ptr %e, align 1
; CHECK: ret i1 %[[EQUAL]]
define i1 @compare_exchange(ptr %p, ptr %e) {
  %v = call zeroext i1 @__atomic_compare_exchange_4(ptr %p, ptr %e, i32 2, i32 5, i32 0)
  ret i1 %v
}
; CHECK-LABEL: define i32 @old_value(
; CHECK: %[[OLD:.*]] = call i32 @__fsan_atomic32_rmw(ptr %p, i32 7, i32 2, i32 5, i64 %context)
; CHECK-NEXT: ret i32 %[[OLD]]
define i32 @old_value(ptr %p) {
  %v = call i32 @__atomic_fetch_sub_4(ptr %p, i32 7, i32 5)
  ret i32 %v
}
; CHECK-LABEL: define i32 @new_value(
; CHECK: %[[OLD:.*]] = call i32 @__fsan_atomic32_rmw(ptr %p, i32 %v, i32 4, i32 5, i64 %context)
; CHECK-NEXT: %[[AND:.*]] = and i32 %[[OLD]], %v
; CHECK-NEXT: %[[NEW:.*]] = xor i32 %[[AND]], -1
; CHECK-NEXT: ret i32 %[[NEW]]
define i32 @new_value(ptr %p, i32 %v) {
  %r = call i32 @__atomic_nand_fetch_4(ptr %p, i32 %v, i32 5)
  ret i32 %r
}
; Not a function of libatomic.
; CHECK-LABEL: define i64 @unknown(
; CHECK: call i64 @__atomic_fetch_max_8(
define i64 @unknown(ptr %p) {
  %r = call i64 @__atomic_fetch_max_8(ptr %p, i64 1, i32 5)
  ret i64 %r
}
