; A handler of the processor's interrupts runs on no fiber: left alone, as naked functions are.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls,fibersan -S %s | FileCheck %s
; RUN: sed s/x86_64-unknown-linux-gnu/x86_64-unknown-linux-gnux32/ %s | not %opt_fsan -S 2>&1 | FileCheck %s --check-prefix=X32
; X32: error: FiberSan instruments x86-64 ELF code only, not 'x86_64-unknown-linux-gnux32'
target triple = "x86_64-unknown-linux-gnu"

@flag = global i32 0

; CHECK-LABEL: define x86_intrcc void @handler
; CHECK-NOT: __f
; CHECK: ret void
define x86_intrcc void @handler(ptr byval(i64) %frame) {
  store i32 1, ptr @flag
  br label %loop
loop:
  %seen = load volatile i32, ptr @flag
  %is_set = icmp ne i32 %seen, 0
  br i1 %is_set, label %end, label %loop
end:
  ret void
}

; CHECK-LABEL: define void @usual
; CHECK: __f
define void @usual() {
  store i32 2, ptr @flag
  ret void
}
