; The ignore list takes functions out of the check by the name, mangled or not, or by the file;
; copies that the optimiser makes of them stay out. A wrong list is an error.
; RUN: rm -rf %t && split-file %s %t && cd %t
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fibersan -fibersan-calls-only -fibersan-ignorelist=functions.txt -S functions.ll | FileCheck functions.ll
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fibersan -fibersan-ignorelist=file.txt -fibersan-stats functions.ll -o %t/out.bc 2>&1 | FileCheck %s --check-prefix=WHOLE
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fibersan -fibersan-ignore-all -fibersan-stats functions.ll -o %t/out.bc 2>&1 | FileCheck %s --check-prefix=WHOLE
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fibersan -fibersan-ignorelist=others.txt -fibersan-stats functions.ll -o %t/out.bc 2>&1 | FileCheck %s --check-prefix=NOTHING
; RUN: not opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark -fibersan-ignorelist=none.txt functions.ll -o %t/out.bc 2>&1 | FileCheck %s --check-prefix=MISSING
; RUN: not opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark -fibersan-ignorelist=prefix.txt functions.ll -o %t/out.bc 2>&1 | FileCheck %s --check-prefix=PREFIX
; RUN: not opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark -fibersan-ignorelist=glob.txt functions.ll -o %t/out.bc 2>&1 | FileCheck %s --check-prefix=GLOB

; WHOLE: checks: call 0
; WHOLE: without: ignored 4
; NOTHING: without: ignored 0
; MISSING: error: -fibersan-ignorelist: can't open file 'none.txt': No such file or directory
; PREFIX: error: -fibersan-ignorelist: unknown prefix 'function:'; FiberSan knows fun:, src: and mainfile:
; GLOB: error: -fibersan-ignorelist: {{.*}}line 1

;--- functions.txt
fun:by_name
[fibersan]
fun:space::by_*(int*)
;--- file.txt
[{fibersan,address}]
src:*/third_party/*
;--- others.txt
# Other sanitizers' business, and a prefix of theirs.
global:x
[thread]
fun:*
function:*
;--- prefix.txt
[fibersan]
function:by_name
;--- glob.txt
fun:[a
;--- functions.ll
source_filename = "/home/user/third_party/library.cpp"

; CHECK-LABEL: define void @by_name(
; CHECK-NEXT: store
; CHECK-NEXT: ret
define void @by_name(ptr %p) {
  store i32 1, ptr %p, align 4
  ret void
}
; What it orders, others rely on.
; CHECK-LABEL: define void @_ZN5space12by_demangledEPi(
; CHECK-NOT: @__fsan_{{read|write}}
; CHECK: @__fsan_atomic32_store(ptr %p,
; CHECK: ret void
define void @_ZN5space12by_demangledEPi(ptr %p) {
  %before = getelementptr i8, ptr %p, i64 -4
  store i32 1, ptr %before, align 4
  store atomic i32 1, ptr %p release, align 4
  ret void
}
; CHECK-LABEL: define void @_ZN5space12by_demangledEPl(
; CHECK: @__fsan_write4(
define void @_ZN5space12by_demangledEPl(ptr %p) {
  store i32 1, ptr %p, align 4
  ret void
}
; CHECK-LABEL: define void @by_name_not(
; CHECK: @__fsan_write4(
define void @by_name_not(ptr %p) {
  store i32 1, ptr %p, align 4
  ret void
}
