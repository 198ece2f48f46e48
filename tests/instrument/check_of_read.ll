; The inline check of a naturally aligned read: slot 0 with our write stamp, slot 1 with
; our read stamp, then the same with the bytes that the access needs, then the hook.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define i32 @read4(ptr %p)
; CHECK:       %[[BASE:.*]] = load i64, ptr @__fsan_shadow_base, align 8, !invariant.load
; CHECK:       %[[CONTEXT:.*]] = call i64 asm "movq %fs:__fsan_running@tpoff+8, $0"
; CHECK:       %[[T:.*]] = call i64 asm "movq %fs:__fsan_running@tpoff, $0"
; CHECK:       %[[WRITTEN:.*]] = or i64 %[[T]], 255
; CHECK:       %[[READ:.*]] = or i64 %[[WRITTEN]], -9223372036854775808
; CHECK:       %[[P:.*]] = ptrtoint ptr %p to i64
; CHECK:       %[[TWICE:.*]] = shl i64 %[[P]], 1
; CHECK:       %[[SUM:.*]] = add i64 %[[TWICE]], %[[BASE]]
; CHECK:       %[[SHADOW:.*]] = and i64 %[[SUM]], 140737488355312
; CHECK:       %[[AT0:.*]] = inttoptr i64 %[[SHADOW]] to ptr
; CHECK:       %[[SLOT0:.*]] = load i64, ptr %[[AT0]], align 8
; CHECK:       icmp eq i64 %[[SLOT0]], %[[WRITTEN]]
; CHECK-NEXT:  br i1 {{.*}}, label %access, label %next
; CHECK:       next:
; CHECK:       %[[AT1:.*]] = add i64 %[[SHADOW]], 8
; CHECK:       icmp eq i64 {{.*}}, %[[READ]]
; CHECK-NEXT:  br i1 {{.*}}, label %access, label %masked, !prof
; CHECK:       access:
; CHECK-NEXT:  load i32, ptr %p, align 4
; CHECK-NEXT:  ret i32
; CHECK:       masked:
; CHECK:       %[[ROTATED:.*]] = call i8 @llvm.fshl.i8(i8 -16, i8 -16, i8
; CHECK:       %[[OTHERS:.*]] = zext i8 %[[ROTATED]] to i64
; CHECK:       %[[FILLED:.*]] = or i64 %slot{{.*}}, %[[OTHERS]]
; CHECK:       %[[ANYKIND:.*]] = or i64 %[[FILLED]], -9223372036854775808
; CHECK:       icmp eq i64 %[[ANYKIND]], %[[READ]]
; CHECK:       br i1 {{.*}}, label %access, label %second
; CHECK:       second:
; CHECK:       br i1 {{.*}}, label %access, label %cold, !prof
; CHECK:       cold:
; CHECK-NEXT:  call preserve_mostcc void @__fsan_read4(ptr %p, i64 %[[CONTEXT]]) #[[COLD:[0-9]+]]
; CHECK-NEXT:  br label %access
; CHECK:       attributes #[[COLD]] = { nomerge nounwind }
define i32 @read4(ptr %p) {
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
