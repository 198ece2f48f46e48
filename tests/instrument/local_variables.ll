; A local variable needs checks exactly when its address may be known elsewhere.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

@shared = global ptr null
declare void @publish(ptr)
declare void @only_look(ptr nocapture)

; CHECK-LABEL: define i32 @private(
; CHECK-NOT: @__fsan_
; CHECK: ret i32
define i32 @private(i32 %n) {
  %x = alloca [4 x i32], align 4
  %at = getelementptr [4 x i32], ptr %x, i64 0, i32 %n
  store i32 1, ptr %at, align 4
  %v = load i32, ptr %x, align 4
  ret i32 %v
}
; CHECK-LABEL: define void @stored(
; CHECK: @__fsan_write4(ptr %x,
define void @stored() {
  %x = alloca i32, align 4
  store ptr %x, ptr @shared, align 8
  store i32 1, ptr %x, align 4
  ret void
}
; CHECK-LABEL: define void @passed(
; CHECK: @__fsan_write4(ptr %x,
define void @passed() {
  %x = alloca i32, align 4
  call void @publish(ptr %x)
  store i32 1, ptr %x, align 4
  ret void
}
; CHECK-LABEL: define void @passed_without_capture(
; CHECK-NOT: @__fsan_write4
; CHECK: ret void
define void @passed_without_capture() {
  %x = alloca i32, align 4
  call void @only_look(ptr %x)
  store i32 1, ptr %x, align 4
  ret void
}
; The test looks at the variable, not at the address that is accessed: one field escapes,
; the other one is checked too.
; CHECK-LABEL: define void @field_escapes(
; CHECK: @__fsan_write4(ptr %first,
define void @field_escapes() {
  %pair = alloca { i32, i32 }, align 4
  %first = getelementptr { i32, i32 }, ptr %pair, i64 0, i32 0
  %second = getelementptr { i32, i32 }, ptr %pair, i64 0, i32 1
  call void @publish(ptr %second)
  store i32 1, ptr %first, align 4
  ret void
}
; The address of a closure's frame is stored in another local that escapes.
; CHECK-LABEL: define void @captured_by_closure(
; CHECK: @__fsan_write4(ptr %x,
define void @captured_by_closure() {
  %x = alloca i32, align 4
  %closure = alloca ptr, align 8
  store ptr %x, ptr %closure, align 8
  call void @publish(ptr %closure)
  store i32 1, ptr %x, align 4
  ret void
}
; One of two variables escapes.
; CHECK-LABEL: define void @either(
; CHECK: @__fsan_write4(ptr %which,
define void @either(i1 %c) {
  %x = alloca i32, align 4
  %y = alloca i32, align 4
  call void @publish(ptr %y)
  %which = select i1 %c, ptr %x, ptr %y
  store i32 1, ptr %which, align 4
  ret void
}
