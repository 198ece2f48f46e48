; Every emitted call has the line of its access, or the nearest one when that was lost.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

; CHECK-LABEL: define void @f(
; CHECK: asm {{.*}}, !dbg
; CHECK-DAG: call preserve_mostcc void @__fsan_write4(ptr %p, i64 %context) #{{[0-9]+}}, !dbg ![[LINE2:[0-9]+]]
; CHECK-DAG: call preserve_mostcc void @__fsan_write4(ptr %q, i64 %context) #{{[0-9]+}}, !dbg ![[LINE3:[0-9]+]]
; CHECK-DAG: call preserve_mostcc void @__fsan_write4(ptr %r, i64 %context) #{{[0-9]+}}, !dbg ![[LINE4:[0-9]+]]
define void @f(ptr %p, ptr %q, ptr %r) !dbg !4 {
  store i32 1, ptr %p, align 4, !dbg !7
  store i32 1, ptr %q, align 4, !dbg !8
  store i32 1, ptr %r, align 4
  ret void, !dbg !9
}
; A function that lost them all: its own line.
; CHECK-LABEL: define void @g(
; CHECK: call preserve_mostcc void @__fsan_write4(ptr %p, i64 %context) #{{[0-9]+}}, !dbg ![[SCOPE:[0-9]+]]
define void @g(ptr %p) !dbg !10 {
  store i32 1, ptr %p, align 4
  ret void
}
; Without debug information there is none.
; CHECK-LABEL: define void @h(
; CHECK: call preserve_mostcc void @__fsan_write4(ptr %p, i64 %context) #{{[0-9]+$}}
define void @h(ptr %p) {
  store i32 1, ptr %p, align 4
  ret void
}
; CHECK-DAG: ![[LINE2]] = !DILocation(line: 2,
; CHECK-DAG: ![[LINE3]] = !DILocation(line: 3,
; CHECK-DAG: ![[LINE4]] = !DILocation(line: 4,
; CHECK-DAG: ![[SCOPE]] = !DILocation(line: 8,
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C_plus_plus_14, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "a.cpp", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!3 = !DISubroutineType(types: !6)
!4 = distinct !DISubprogram(name: "f", file: !1, line: 1, scopeLine: 1, type: !3, unit: !0, spFlags: DISPFlagDefinition)
!6 = !{null}
!7 = !DILocation(line: 2, column: 1, scope: !4)
!8 = !DILocation(line: 3, column: 1, scope: !4)
!9 = !DILocation(line: 4, column: 1, scope: !4)
!10 = distinct !DISubprogram(name: "g", file: !1, line: 7, scopeLine: 8, type: !3, unit: !0, spFlags: DISPFlagDefinition)
