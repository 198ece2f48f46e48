; Beside a prefetch of data that the program makes, both lines of its shadow are fetched: (2 * address + base) & mask, in whole lines.
; RUN: %opt_fsan -S %s | FileCheck %s

declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

; CHECK-LABEL: define i32 @ahead(
; CHECK: %[[BASE:.*]] = load i64, ptr @__fsan_shadow_base
; CHECK-NEXT: %[[INTEGER:.*]] = ptrtoint ptr %next to i64
; CHECK-NEXT: %[[TWICE:.*]] = shl i64 %[[INTEGER]], 1
; CHECK-NEXT: %[[SUM:.*]] = add i64 %[[TWICE]], %[[BASE]]
; CHECK-NEXT: %[[SHADOW:.*]] = and i64 %[[SUM]], 140737488355200
; CHECK: call void @llvm.prefetch.p0(ptr %{{.*}}, i32 0, i32 2, i32 1)
; CHECK: add i64 %[[SHADOW]], 64
; CHECK: call void @llvm.prefetch.p0(ptr %{{.*}}, i32 0, i32 2, i32 1)
; CHECK-NEXT: call void @llvm.prefetch.p0(ptr %next, i32 0, i32 2, i32 1)
; CHECK-NOT: @llvm.prefetch
; CHECK: ret
define i32 @ahead(ptr %now, ptr %next) {
  call void @llvm.prefetch.p0(ptr %next, i32 0, i32 2, i32 1)
  %value = load i32, ptr %now, align 4
  ret i32 %value
}

; Of instructions, or where nothing is checked: only the program's own.
; CHECK-LABEL: define i32 @code(
; CHECK: call void @llvm.prefetch
; CHECK-NOT: @llvm.prefetch
; CHECK: ret
define i32 @code(ptr %now, ptr %next) {
  call void @llvm.prefetch.p0(ptr %next, i32 0, i32 2, i32 0)
  %value = load i32, ptr %now, align 4
  ret i32 %value
}
; CHECK-LABEL: define void @nothing_checked(
; CHECK: call void @llvm.prefetch
; CHECK-NOT: @llvm.prefetch
; CHECK: ret
define void @nothing_checked(ptr %next) {
  call void @llvm.prefetch.p0(ptr %next, i32 0, i32 2, i32 1)
  ret void
}
