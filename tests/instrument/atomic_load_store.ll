; Atomic loads and stores become hooks that perform them, with their C ABI order.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define void @loads(
; CHECK: %a = call zeroext i8 @__fsan_atomic8_load(ptr %p, i32 0, i64 %context)
; CHECK-NEXT: %b = call zeroext i16 @__fsan_atomic16_load(ptr %p, i32 0, i64 %context)
; CHECK-NEXT: %c = call i32 @__fsan_atomic32_load(ptr %p, i32 2, i64 %context)
; CHECK-NEXT: %d = call i64 @__fsan_atomic64_load(ptr %p, i32 5, i64 %context)
; CHECK-NEXT: %e = call i128 @__fsan_atomic128_load(ptr %p, i32 5, i64 %context)
; CHECK-NOT: load atomic
define void @loads(ptr %p) {
  %a = load atomic i8, ptr %p unordered, align 1
  %b = load atomic i16, ptr %p monotonic, align 2
  %c = load atomic i32, ptr %p acquire, align 4
  %d = load atomic i64, ptr %p seq_cst, align 8
  %e = load atomic volatile i128, ptr %p seq_cst, align 16
  ret void
}
; CHECK-LABEL: define void @stores(
; CHECK: call void @__fsan_atomic8_store(ptr %p, i8 zeroext 1, i32 0, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic16_store(ptr %p, i16 zeroext 2, i32 0, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic32_store(ptr %p, i32 3, i32 3, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic64_store(ptr %p, i64 4, i32 5, i64 %context)
; CHECK-NEXT: call void @__fsan_atomic128_store(ptr %p, i128 5, i32 5, i64 %context)
; CHECK-NEXT: ret void
define void @stores(ptr %p) {
  store atomic i8 1, ptr %p unordered, align 1
  store atomic i16 2, ptr %p monotonic, align 2
  store atomic i32 3, ptr %p release, align 4
  store atomic i64 4, ptr %p seq_cst, align 8
  store atomic i128 5, ptr %p seq_cst, align 16
  ret void
}
; CHECK-LABEL: define i32 @private(
; CHECK: load atomic i32
define i32 @private() {
  %x = alloca i32, align 4
  %v = load atomic i32, ptr %x seq_cst, align 4
  ret i32 %v
}
