; The check is x86-64 code; another target is refused, not left unchecked.
; RUN: not %opt_fsan -S %s 2>&1 | FileCheck %s
; CHECK: error: FiberSan instruments x86-64 ELF code only, not 'aarch64-unknown-linux-gnu'
target triple = "aarch64-unknown-linux-gnu"
define void @f() {
  ret void
}
