; Accesses of one stretch share the stamp, and the shadow address at constant distances.
; RUN: %opt_fsan -fibersan-hot-percent=0 -S %s | FileCheck %s

declare void @other()

; CHECK-LABEL: define void @fields(
; CHECK-COUNT-1: call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}"
; CHECK-COUNT-1: and i64 %{{.*}}, 140737488355312
; CHECK: add i64 %shadow, 32
; CHECK-NOT: call i64 asm
; CHECK-NOT: 140737488355312
; CHECK: ret void
define void @fields(ptr %p) {
  store i64 1, ptr %p, align 8
  %third = getelementptr i8, ptr %p, i64 16
  store i64 2, ptr %third, align 8
  ret void
}
; From an aligned field on, all parts of a cell are known; from another only whole cells.
; CHECK-LABEL: define void @parts(
; CHECK-COUNT-1: and i64 %{{.*}}, 140737488355312
; CHECK-NOT: 140737488355312
; CHECK: ret void
define void @parts(ptr %p) {
  store i64 1, ptr %p, align 8
  %low = getelementptr i8, ptr %p, i64 12
  store i32 2, ptr %low, align 4
  ret void
}
; CHECK-LABEL: define void @unknown_parts(
; CHECK-COUNT-2: and i64 %{{.*}}, 140737488355312
; CHECK: ret void
define void @unknown_parts(ptr %p) {
  store i32 1, ptr %p, align 4
  %next = getelementptr i8, ptr %p, i64 4
  store i32 2, ptr %next, align 4
  ret void
}
; A call may release, or move the fiber to another thread: the stamp is read again.
; CHECK-LABEL: define void @around_call(
; CHECK: call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}"
; CHECK: call void @other()
; CHECK: call i64 asm "movq %fs:__fsan_running@tpoff, $0\0A\09movb $$-1, ${0:b}"
define void @around_call(ptr %p, ptr %q) {
  store i64 1, ptr %p, align 8
  call void @other()
  store i64 2, ptr %q, align 8
  ret void
}
