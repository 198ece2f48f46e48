; An access that may cross a cell's border: the cell of its last byte is tested too, only
; whole cells are accepted inline, and the hook takes a range.
; RUN: %opt_fsan -S %s | FileCheck %s

; CHECK-LABEL: define i32 @packed(
; CHECK: %[[P:.*]] = ptrtoint ptr %p to i64
; CHECK: ptrtoint ptr %p to i64
; CHECK: add i64 %{{.*}}, 3
; CHECK: %[[LAST:shadow[0-9]+]] = and i64
; CHECK: icmp eq i64 %slot, %stamp
; CHECK: cell:
; CHECK: inttoptr i64 %[[LAST]] to ptr
; CHECK-NOT: masked:
; CHECK: cold:
; CHECK: call preserve_mostcc void @__fsan_read_range(ptr %p, i64 4, i64 %context)
define i32 @packed(ptr %p) {
  %v = load i32, ptr %p, align 1
  ret i32 %v
}
; What the vectoriser makes of an int array: two cells or three.
; CHECK-LABEL: define void @vector_of_ints(
; CHECK: add i64 %{{.*}}, 15
; CHECK-COUNT-3: icmp eq i64 %slot{{[0-9]*}}, %stamp
; CHECK: call preserve_mostcc void @__fsan_write_range(ptr %p, i64 16, i64 %context)
define void @vector_of_ints(ptr %p) {
  store <4 x i32> zeroinitializer, ptr %p, align 4
  ret void
}
; Two bytes at an even address stay within a cell.
; CHECK-LABEL: define i16 @aligned(
; CHECK: masked:
; CHECK: @__fsan_read2(
define i16 @aligned(ptr %p) {
  %v = load i16, ptr %p, align 2
  ret i16 %v
}
