; Under a mask: one inline check for the whole vector, whose thunk passes the mask; as a call, a
; hook for each element that is on, and for no other.
; RUN: %opt_fsan -S %s | FileCheck %s --check-prefix=INLINE
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare <2 x i64> @llvm.masked.load.v2i64.p0(ptr, i32, <2 x i1>, <2 x i64>)
declare void @llvm.masked.store.v2i64.p0(<2 x i64>, ptr, i32, <2 x i1>)
declare <2 x i32> @llvm.masked.gather.v2i32.v2p0(<2 x ptr>, i32, <2 x i1>, <2 x i32>)

; CHECK-LABEL: define <2 x i64> @load(
; INLINE-LABEL: define <2 x i64> @load(
; INLINE: %[[BITS:.*]] = bitcast <2 x i1> %m to i2
; INLINE: %[[MASK:.*]] = zext i2 %[[BITS]] to i64
; INLINE: call void asm {{.*}}movq $5, -24(%rsp)\0A\09movq %rdi, -16(%rsp)\0A\09leaq $4, %rdi\0A{{.*}}jmp __fsan_check_read_masked8_leaf
; INLINE-SAME: ptr nocapture readnone elementtype(i64) %p, i64 %[[MASK]])
; INLINE-NEXT: call <2 x i64> @llvm.masked.load
; CHECK: %[[ON0:.*]] = extractelement <2 x i1> %m, i64 0
; CHECK: br i1 %[[ON0]],
; CHECK: %[[AT0:.*]] = getelementptr i8, ptr %p, i64 0
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %[[AT0]], i64 8, i64 %context)
; CHECK: %[[ON1:.*]] = extractelement <2 x i1> %m, i64 1
; CHECK: br i1 %[[ON1]],
; CHECK: %[[AT1:.*]] = getelementptr i8, ptr %p, i64 8
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %[[AT1]], i64 8, i64 %context)
; CHECK: call <2 x i64> @llvm.masked.load
define <2 x i64> @load(ptr %p, <2 x i1> %m) {
  %v = call <2 x i64> @llvm.masked.load.v2i64.p0(ptr %p, i32 8, <2 x i1> %m, <2 x i64> zeroinitializer)
  ret <2 x i64> %v
}
; CHECK-LABEL: define void @store_second(
; CHECK: %[[AT:.*]] = getelementptr i8, ptr %p, i64 8
; CHECK-NEXT: call preserve_mostcc void @__fsan_write_range(ptr %[[AT]], i64 8, i64 %context)
; CHECK-NEXT: call void @llvm.masked.store
define void @store_second(ptr %p, <2 x i64> %v) {
  call void @llvm.masked.store.v2i64.p0(<2 x i64> %v, ptr %p, i32 8, <2 x i1> <i1 false, i1 true>)
  ret void
}
; CHECK-LABEL: define <2 x i32> @gather(
; CHECK: %[[P0:.*]] = extractelement <2 x ptr> %ps, i64 0
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %[[P0]], i64 4, i64 %context)
; CHECK: %[[P1:.*]] = extractelement <2 x ptr> %ps, i64 1
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %[[P1]], i64 4, i64 %context)
define <2 x i32> @gather(<2 x ptr> %ps, <2 x i1> %m) {
  %v = call <2 x i32> @llvm.masked.gather.v2i32.v2p0(<2 x ptr> %ps, i32 4, <2 x i1> %m, <2 x i32> zeroinitializer)
  ret <2 x i32> %v
}
; CHECK-LABEL: define <2 x i64> @private(
; CHECK-NOT: @__fsan_read_range
; CHECK: ret <2 x i64>
define <2 x i64> @private(<2 x i1> %m) {
  %x = alloca <2 x i64>, align 16
  %v = call <2 x i64> @llvm.masked.load.v2i64.p0(ptr %x, i32 8, <2 x i1> %m, <2 x i64> zeroinitializer)
  ret <2 x i64> %v
}
; A masked check covers nothing that comes after it.
; CHECK-LABEL: define i64 @then_plain(
; CHECK: @__fsan_read8(ptr %p,
define i64 @then_plain(ptr %p, <2 x i1> %m) {
  %v = call <2 x i64> @llvm.masked.load.v2i64.p0(ptr %p, i32 8, <2 x i1> %m, <2 x i64> zeroinitializer)
  %plain = load i64, ptr %p, align 8
  ret i64 %plain
}
