; Before the optimiser: the mark on user code, and no kept address of a thread's own data.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark -S %s | FileCheck %s

; CHECK: define void @plain() #[[MARKED:[0-9]+]]
define void @plain() {
  %at = call ptr @__errno_location() memory(none)
  store i32 1, ptr %at
  ret void
}
; CHECK: call ptr @__errno_location(){{$}}
; CHECK: define void @ignored() #[[IGNORED:[0-9]+]]
define void @ignored() disable_sanitizer_instrumentation {
  ret void
}
; It may be inlined into instrumented code.
; CHECK: define available_externally void @from_elsewhere() #[[MARKED]]
define available_externally void @from_elsewhere() {
  ret void
}
; CHECK: declare ptr @__errno_location(){{$}}
declare ptr @__errno_location() memory(none)
; CHECK: declare i32 @abs(i32) #[[NONE:[0-9]+]]
declare i32 @abs(i32) memory(none)
; CHECK-DAG: attributes #[[MARKED]] = { sanitize_thread }
; CHECK-DAG: attributes #[[IGNORED]] = { disable_sanitizer_instrumentation }
; CHECK-DAG: attributes #[[NONE]] = { memory(none) }
