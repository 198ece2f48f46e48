; Neighbouring bytes that one line accesses get one check, at the first of the accesses.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s
; RUN: %opt_fsan -fibersan-calls-only -fibersan-without=adjacent -S %s | FileCheck %s --check-prefix=WITHOUT

declare void @other()

; WITHOUT-LABEL: define void @two_halves(
; WITHOUT-COUNT-2: @__fsan_read4(

; CHECK-LABEL: define void @two_halves(
; CHECK: call preserve_mostcc void @__fsan_read8(ptr %p,
; CHECK-NOT: @__fsan_read
; CHECK: ret void
define void @two_halves(ptr %p) !dbg !4 {
  %a = load volatile i32, ptr %p, align 8, !dbg !7
  %q = getelementptr i8, ptr %p, i64 4
  %b = load volatile i32, ptr %q, align 4, !dbg !8
  ret void, !dbg !7
}
; Backwards, the alignment said by the second.
; CHECK-LABEL: define void @higher_first(
; CHECK: [[LOW:%.*]] = getelementptr i8, ptr %q, i64 -4
; CHECK: @__fsan_write8(ptr [[LOW]],
; CHECK-NOT: @__fsan_write
; CHECK: ret void
define void @higher_first(ptr %p) !dbg !10 {
  %q = getelementptr i8, ptr %p, i64 4
  store i32 1, ptr %q, align 4, !dbg !11
  store i32 1, ptr %p, align 8, !dbg !11
  ret void, !dbg !11
}
; 2 bytes and 2 bytes, and 4 more; the next 8 are a cell of their own.
; CHECK-LABEL: define void @grows(
; CHECK: @__fsan_write8(ptr %p,
; CHECK: @__fsan_write8(ptr %d,
; CHECK-NOT: @__fsan_write
; CHECK: ret void
define void @grows(ptr %p) !dbg !12 {
  store i16 1, ptr %p, align 8, !dbg !13
  %b = getelementptr i8, ptr %p, i64 2
  store i16 1, ptr %b, align 2, !dbg !13
  %c = getelementptr i8, ptr %p, i64 4
  store i32 1, ptr %c, align 4, !dbg !13
  %d = getelementptr i8, ptr %p, i64 8
  store i64 1, ptr %d, align 8, !dbg !13
  ret void, !dbg !13
}
; The report would name a line that does not access the byte.
; CHECK-LABEL: define void @other_line(
; CHECK-COUNT-2: @__fsan_read4(
define void @other_line(ptr %p) !dbg !14 {
  %a = load volatile i32, ptr %p, align 8, !dbg !15
  %q = getelementptr i8, ptr %p, i64 4
  %b = load volatile i32, ptr %q, align 4, !dbg !16
  ret void, !dbg !15
}
; A gap is nobody's access.
; CHECK-LABEL: define void @gap(
; CHECK-COUNT-2: @__fsan_read2(
define void @gap(ptr %p) {
  %a = load volatile i16, ptr %p, align 8
  %q = getelementptr i8, ptr %p, i64 4
  %b = load volatile i16, ptr %q, align 4
  ret void
}
; CHECK-LABEL: define void @unlike(
; CHECK: @__fsan_read4(
; CHECK: @__fsan_write4(
define void @unlike(ptr %p) {
  %a = load volatile i32, ptr %p, align 8
  %q = getelementptr i8, ptr %p, i64 4
  store i32 %a, ptr %q, align 4
  ret void
}
; It may lie across two cells.
; CHECK-LABEL: define void @not_aligned(
; CHECK-COUNT-2: @__fsan_read4(
define void @not_aligned(ptr %p) {
  %a = load volatile i32, ptr %p, align 4
  %q = getelementptr i8, ptr %p, i64 4
  %b = load volatile i32, ptr %q, align 4
  ret void
}
; Together they are no aligned piece.
; CHECK-LABEL: define void @middle(
; CHECK-COUNT-2: @__fsan_read4(
define void @middle(ptr %p) {
  %q = getelementptr i8, ptr %p, i64 4
  %a = load volatile i32, ptr %q, align 4
  %r = getelementptr i8, ptr %p, i64 8
  %b = load volatile i32, ptr %r, align 8
  ret void
}
; The second may not come, or what it races with may have been ordered by then.
; CHECK-LABEL: define void @call_between(
; CHECK-COUNT-2: @__fsan_read4(
define void @call_between(ptr %p) {
  %a = load volatile i32, ptr %p, align 8
  call void @other()
  %q = getelementptr i8, ptr %p, i64 4
  %b = load volatile i32, ptr %q, align 4
  ret void
}
; CHECK-LABEL: define void @acquire_between(
; CHECK-COUNT-2: @__fsan_read4(
define void @acquire_between(ptr %p, ptr %flag) {
  %a = load volatile i32, ptr %p, align 8
  %f = load atomic i32, ptr %flag acquire, align 4
  %q = getelementptr i8, ptr %p, i64 4
  %b = load volatile i32, ptr %q, align 4
  ret void
}
; CHECK-LABEL: define void @branch_between(
; CHECK-COUNT-2: @__fsan_read4(
define void @branch_between(ptr %p, i1 %c) {
  %a = load volatile i32, ptr %p, align 8
  %q = getelementptr i8, ptr %p, i64 4
  br i1 %c, label %yes, label %no
yes:
  %b = load volatile i32, ptr %q, align 4
  br label %no
no:
  ret void
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C_plus_plus, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "f.cpp", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !{})
!4 = distinct !DISubprogram(name: "two_halves", scope: !1, file: !1, line: 1, type: !3, scopeLine: 1, unit: !0, spFlags: DISPFlagDefinition)
!7 = !DILocation(line: 2, column: 3, scope: !4)
!8 = !DILocation(line: 2, column: 9, scope: !4)
!10 = distinct !DISubprogram(name: "higher_first", scope: !1, file: !1, line: 10, type: !3, scopeLine: 10, unit: !0, spFlags: DISPFlagDefinition)
!11 = !DILocation(line: 11, column: 3, scope: !10)
!12 = distinct !DISubprogram(name: "grows", scope: !1, file: !1, line: 20, type: !3, scopeLine: 20, unit: !0, spFlags: DISPFlagDefinition)
!13 = !DILocation(line: 21, column: 3, scope: !12)
!14 = distinct !DISubprogram(name: "other_line", scope: !1, file: !1, line: 30, type: !3, scopeLine: 30, unit: !0, spFlags: DISPFlagDefinition)
!15 = !DILocation(line: 31, column: 3, scope: !14)
!16 = !DILocation(line: 32, column: 3, scope: !14)
