; Bitcode that comes back from an earlier compilation, as LTO brings it with a plugin in the
; linker, keeps the checks, polls and redirected calls that it has.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fiber-polls,fibersan -S %s -o %t.1.ll
; RUN: FileCheck %s < %t.1.ll
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark,fiber-polls,fibersan -S %t.1.ll -o %t.2.ll
; RUN: grep -c '^ ' %t.1.ll > %t.1 && grep -c '^ ' %t.2.ll > %t.2 && diff %t.1 %t.2
; CHECK: __fsan_
; CHECK: __fiber_preempt
target triple = "x86_64-unknown-linux-gnu"

@flag = global i32 0

define void @until_set(ptr %place) {
  store i32 1, ptr %place
  br label %loop
loop:
  %seen = load atomic i32, ptr @flag monotonic, align 4
  %is_set = icmp ne i32 %seen, 0
  br i1 %is_set, label %end, label %loop
end:
  ret void
}

define void @other(ptr %place) {
  store i32 1, ptr %place
  ret void
}
