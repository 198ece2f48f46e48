; The check of a write never ignores the read bit and never accepts a full read stamp.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define void @write4(ptr %p)
; CHECK:       %stamp = or i64 {{.*}}, 255
; CHECK:       icmp eq i64 %slot, %stamp
; CHECK-NEXT:  br i1 {{.*}}, label %access, label %masked, !prof
; CHECK-NOT:   %read.stamp
; CHECK-NOT:   or i64 %{{.*}}, -9223372036854775808
; CHECK:       access:
; CHECK-NEXT:  store i32 1, ptr %p, align 4
; CHECK:       masked:
; CHECK:       icmp eq i64 {{.*}}, %stamp
; CHECK:       second:
; CHECK:       icmp eq i64 {{.*}}, %stamp
; CHECK:       cold:
; CHECK-NEXT:  call preserve_mostcc void @__fsan_write4(ptr %p, i64 %context)
; CHECK-NEXT:  br label %access
define void @write4(ptr %p) {
  store i32 1, ptr %p, align 4
  ret void
}
