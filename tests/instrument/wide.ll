; Vectors of up to 64 bytes are checked inline, one comparison for each cell.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define <4 x float> @read16(
; CHECK: %[[SECOND:.*]] = add i64 %shadow, 16
; CHECK: icmp eq i64 %slot, %stamp
; CHECK-NEXT: br i1 {{.*}}, label %cell, label %next
; CHECK: cell:
; CHECK: inttoptr i64 %[[SECOND]] to ptr
; CHECK: br i1 {{.*}}, label %access, label %next
; CHECK: next:
; CHECK: add i64 %shadow, 8
; CHECK: icmp eq i64 {{.*}}, %read.stamp
; CHECK: add i64 %[[SECOND]], 8
; CHECK: br i1 {{.*}}, label %access, label %masked
; CHECK: call preserve_mostcc void @__fsan_read16(ptr %p, i64 %context)
define <4 x float> @read16(ptr %p) {
  %v = load <4 x float>, ptr %p, align 16
  ret <4 x float> %v
}
; 16 bytes on an 8-byte boundary are two whole cells, but not natural for the hook.
; CHECK-LABEL: define void @write16_align8(
; CHECK: masked:
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 16, i64 %context)
define void @write16_align8(ptr %p) {
  store <2 x double> zeroinitializer, ptr %p, align 8
  ret void
}
; CHECK-LABEL: define void @write64(
; CHECK-COUNT-8: icmp eq i64 %slot{{[0-9]*}}, %stamp
; CHECK: access:
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 64, i64 %context)
define void @write64(ptr %p) {
  store <16 x i32> zeroinitializer, ptr %p, align 64
  ret void
}
; More goes to the hook at once.
; CHECK-LABEL: define void @write128(
; CHECK-NOT: br
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 128, i64 %context)
; CHECK-NEXT: store <32 x i32>
define void @write128(ptr %p) {
  store <32 x i32> zeroinitializer, ptr %p, align 64
  ret void
}
