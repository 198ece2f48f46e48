; The machine code of a hit: the stamp is one %fs-relative load, hooks are at the end.
; RUN: %opt_fsan -S %s | llc-19 -mtriple=x86_64-linux-gnu -O2 | FileCheck %s

declare void @other()

; CHECK-LABEL: write:
; CHECK: addq __fsan_shadow_base{{.*}}(%rip), %[[S:r[a-z0-9]+]]
; CHECK: movq %fs:__fsan_running@TPOFF, %[[T:r[a-z0-9]+]]
; CHECK: orq $255, %[[T]]
; CHECK: cmpq %[[T]], (%r{{[a-z0-9]+}})
; CHECK: jne
; CHECK: movq $1, (%rdi)
; CHECK: retq
; CHECK: callq __fsan_write8
define void @write(ptr %p) {
  store i64 1, ptr %p, align 8
  ret void
}
; Nothing of the thread is kept across a call.
; CHECK-LABEL: twice:
; CHECK: movq %fs:__fsan_running@TPOFF, %
; CHECK: callq other
; CHECK: movq %fs:__fsan_running@TPOFF, %
; CHECK-NOT: %fs:0
; CHECK: .Lfunc_end
define void @twice(ptr %p, ptr %q) {
  store i64 1, ptr %p, align 8
  call void @other()
  store i64 1, ptr %q, align 8
  ret void
}
; The calls of two accesses are never merged: their return addresses tell them apart.
; CHECK-LABEL: either:
; CHECK: callq __fsan_write8
; CHECK: callq __fsan_write8
; CHECK: .Lfunc_end
define void @either(ptr %p, i1 %c) {
  br i1 %c, label %a, label %b
a:
  store i64 1, ptr %p, align 8
  br label %done
b:
  store i64 2, ptr %p, align 8
  br label %done
done:
  ret void
}
