; What the optimiser concluded about memory is no longer true of instrumented functions.
; RUN: %opt_fsan -fibersan-calls-only -S %s | FileCheck %s

declare i32 @library(ptr) memory(read)

; CHECK-LABEL: define i32 @reads(ptr %p)
; CHECK-SAME: #[[READS:[0-9]+]]
define i32 @reads(ptr %p) memory(argmem: read) nounwind {
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
; CHECK-LABEL: define i32 @caller(
; CHECK: call i32 @reads(ptr %p){{$}}
; CHECK: call i32 @library(ptr %p){{$}}
define i32 @caller(ptr %p) {
  %a = call i32 @reads(ptr %p) memory(argmem: read)
  %b = call i32 @library(ptr %p) memory(read)
  %c = add i32 %a, %b
  ret i32 %c
}
; CHECK: attributes #[[READS]] = { nounwind "fibersan-instrumented" }
