; In a shared library a variable is found by a call; that call cannot be merged or kept either.
; RUN: opt-19 -load-pass-plugin=%build/lib/fiber-preemption.so -passes='default<O3>' -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fiber-preemption.so -passes='thinlto-pre-link<O2>,thinlto<O2>' -S %s | FileCheck %s

@own = thread_local global i32 0
@near = thread_local(initialexec) global i32 0
declare void @switches()
declare ptr @llvm.threadlocal.address.p0(ptr)

; CHECK-LABEL: define {{.*}}void @across(
; CHECK: call {{.*}}ptr @fibersan.thread_local.own()
; CHECK: call void @switches()
; CHECK: call {{.*}}ptr @fibersan.thread_local.own()
; CHECK: ret void
define void @across() {
  %at = call ptr @llvm.threadlocal.address.p0(ptr @own)
  store i32 1, ptr %at
  call void @switches()
  store i32 2, ptr %at
  ret void
}
; CHECK-LABEL: define {{.*}}void @initial_exec(
; CHECK: addq ${1:P}@gottpoff(%rip), $0
define void @initial_exec() {
  %at = call ptr @llvm.threadlocal.address.p0(ptr @near)
  store i32 1, ptr %at
  ret void
}
; CHECK: define internal {{.*}}ptr @fibersan.thread_local.own() {{.*}}#[[APART:[0-9]+]]
; CHECK: asm sideeffect "", "~{memory}"
; CHECK: @llvm.threadlocal.address.p0(ptr {{.*}}@own)
; CHECK: attributes #[[APART]] = { {{.*}}noinline
!llvm.module.flags = !{!0}
!0 = !{i32 8, !"PIC Level", i32 2}
