; Both passes run at every level. The optimiser does not speculate loads of marked code.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<O0>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<O1>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<O2>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<O3>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<Os>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='thinlto-pre-link<O2>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='lto-pre-link<O2>' -S %s | FileCheck %s
; RUN: opt-19 -passes='default<O2>' -S %s | FileCheck %s --check-prefix=PLAIN

@ready = global i32 0
@value = global i32 0

; The second load depends on the first one.
; CHECK: define {{.*}} @guarded(
; CHECK: load i32, ptr @ready
; CHECK: br i1
; CHECK: load i32, ptr @value
; CHECK: @__fsan_module_loaded

; Without the mark both are made at once.
; PLAIN: define {{.*}} @guarded(
; PLAIN: load i32, ptr @ready
; PLAIN-NOT: br i1
; PLAIN: load i32, ptr @value
; PLAIN: select i1
define i32 @guarded() {
entry:
  %r = load i32, ptr @ready, align 4
  %c = icmp ne i32 %r, 0
  br i1 %c, label %yes, label %no
yes:
  %v = load i32, ptr @value, align 4
  br label %no
no:
  %result = phi i32 [ 0, %entry ], [ %v, %yes ]
  ret i32 %result
}
