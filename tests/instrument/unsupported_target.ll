; The check is x86-64 code; another target is refused, not left unchecked.
; RUN: not opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='default<O1>' -S %s 2>&1 | FileCheck %s --implicit-check-not=error:
; RUN: not opt-19 -load-pass-plugin=%build/lib/fiber-preemption.so -passes='default<O1>' -S %s 2>&1 | FileCheck %s --check-prefix=PLAIN --implicit-check-not=error:
; PLAIN: error: fibers need polls, which exist for x86-64 ELF code only, not 'aarch64-unknown-linux-gnu'
; CHECK: error: FiberSan instruments x86-64 ELF code only, not 'aarch64-unknown-linux-gnu'
target triple = "aarch64-unknown-linux-gnu"
define void @f() {
  ret void
}
