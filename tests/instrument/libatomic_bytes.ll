; The generic calls of libatomic, for any size.
; RUN: split-file %s %t
; RUN: %opt_fsan -S %t/generic.ll | FileCheck %t/generic.ll
; RUN: %opt_fsan -S %t/own.ll | FileCheck %t/own.ll

;--- generic.ll
declare void @__atomic_load(i64, ptr, ptr, i32)
declare void @__atomic_store(i64, ptr, ptr, i32)
declare void @__atomic_exchange(i64, ptr, ptr, ptr, i32)
declare zeroext i1 @__atomic_compare_exchange(i64, ptr, ptr, ptr, i32, i32)

; CHECK-LABEL: define i1 @all(
; CHECK: call void @__fsan_atomic_load_bytes(i64 40, ptr %p, ptr %q, i32 5, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic_store_bytes(i64 40, ptr %p, ptr %q, i32 5, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic_exchange_bytes(i64 40, ptr %p, ptr %q, ptr %r, i32 5, i64 %context)
; CHECK-NEXT: %[[DONE:.*]] = call zeroext i8 @__fsan_atomic_compare_exchange_bytes(i64 40, ptr %p, ptr %q, ptr %r, i32 5, i32 2, i64 %context)
; CHECK-NEXT: trunc i8 %[[DONE]] to i1
; CHECK-NOT: @__atomic_{{.*}}(i64 40
define i1 @all(ptr %p, ptr %q, ptr %r) {
  call void @__atomic_load(i64 40, ptr %p, ptr %q, i32 5)
  call void @__atomic_store(i64 40, ptr %p, ptr %q, i32 5)
  call void @__atomic_exchange(i64 40, ptr %p, ptr %q, ptr %r, i32 5)
  %ok = call zeroext i1 @__atomic_compare_exchange(i64 40, ptr %p, ptr %q, ptr %r, i32 5, i32 2)
  ret i1 %ok
}

;--- own.ll
; A program's own function of that name, or one with other parameters, is an ordinary call.
declare i64 @__atomic_load_8(ptr)

; CHECK-LABEL: define void @__atomic_store(
define void @__atomic_store(i64 %n, ptr %p, ptr %q, i32 %o) {
  ret void
}
; CHECK-LABEL: define i64 @caller(
; CHECK: call void @__atomic_store(i64 40,
; CHECK: call i64 @__atomic_load_8(ptr %p)
define i64 @caller(ptr %p) {
  call void @__atomic_store(i64 40, ptr %p, ptr %p, i32 5)
  %v = call i64 @__atomic_load_8(ptr %p)
  ret i64 %v
}
