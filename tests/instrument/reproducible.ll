; The same source gives the same code; a call site's id differs between functions, and
; between files.
; RUN: rm -rf %t && mkdir -p %t
; RUN: %opt_fsan -S %s -o %t/first.ll
; RUN: %opt_fsan -S %s -o %t/second.ll
; RUN: diff %t/first.ll %t/second.ll
; RUN: sed -e 's/source_filename = "a.cpp"/source_filename = "b.cpp"/' %s > %t/other.ll
; RUN: %opt_fsan -S %t/other.ll -o %t/third.ll
; RUN: grep -h 'add i64' %t/first.ll %t/third.ll | sed -e 's/.*, //' | sort -u | FileCheck %s
source_filename = "a.cpp"

; Three sites in each of two files.
; CHECK-COUNT-6: {{^[0-9]+$}}
; CHECK-NOT: {{.}}
declare void @other()
define void @f() {
  call void @other()
  call void @other()
  ret void
}
define void @g() {
  call void @other()
  ret void
}
