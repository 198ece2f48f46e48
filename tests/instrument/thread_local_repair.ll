; At the start of the pipeline: an address of the calling thread's data is computed at each use
; behind a call, in a form that is not merged. Plain builds and checked ones alike.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-repair -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fibersan-mark -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fiber-preemption.so -passes='default<O2>' -S %s | FileCheck %s --check-prefix=KEPT

@own = internal thread_local global [4 x i32] zeroinitializer
@other = external thread_local global i32
@_ZGVZ4initvE1x = internal thread_local global i8 0
declare void @switches()
declare ptr @llvm.threadlocal.address.p0(ptr)
declare ptr @llvm.thread.pointer()
; CHECK: declare ptr @__errno_location(){{$}}
declare ptr @__errno_location() memory(none)
declare ptr @_ZTW5extra()

; CHECK-LABEL: define void @across(
; CHECK: %[[A:.*]] = call ptr asm sideeffect "movq %fs:0, $0\0A\09leaq ${1:P}@tpoff($0), $0", "=r,^Ws,~{dirflag},~{fpsr},~{flags}"(ptr @own) #[[OPAQUE:[0-9]+]]
; CHECK-NEXT: store i32 1, ptr %[[A]]
; CHECK-NEXT: call void @switches()
; CHECK-NEXT: %[[B:.*]] = call ptr asm sideeffect
; CHECK-NEXT: %[[E:.*]] = getelementptr i32, ptr %[[B]], i64 2
; CHECK-NEXT: store i32 2, ptr %[[E]]
; CHECK-NEXT: store i32 3, ptr %[[B]]
; CHECK-NEXT: ret void
; The optimiser keeps both.
; KEPT-LABEL: define void @across(
; KEPT-COUNT-2: leaq ${1:P}@tpoff
; KEPT: ret void
define void @across() {
  %at = call ptr @llvm.threadlocal.address.p0(ptr @own)
  %element = getelementptr i32, ptr %at, i64 2
  store i32 1, ptr %at
  call void @switches()
  store i32 2, ptr %element
  store i32 3, ptr %at
  ret void
}
; In a loop that makes no call there will be a poll.
; KEPT-LABEL: define void @in_loop(
; KEPT: loop:
; KEPT: leaq ${1:P}@tpoff
; KEPT: load i32
; KEPT: store i32
; KEPT: br i1
define void @in_loop(i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %at = call ptr @llvm.threadlocal.address.p0(ptr @own)
  %v = load i32, ptr %at
  %w = mul i32 %v, 5
  store i32 %w, ptr %at
  %next = add i32 %i, 1
  %more = icmp ne i32 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; Another module's variable.
; CHECK-LABEL: define void @elsewhere(
; CHECK: asm sideeffect "movq %fs:0, $0\0A\09addq ${1:P}@gottpoff(%rip), $0"{{.*}}(ptr @other)
define void @elsewhere() {
  %at = call ptr @llvm.threadlocal.address.p0(ptr @other)
  store i32 1, ptr %at
  ret void
}
; errno, and clang's function for a variable with a constructor, are asked again.
; CHECK-LABEL: define void @functions(
; CHECK: call ptr @_ZTW5extra()
; CHECK: call void @switches()
; CHECK-NEXT: call ptr @__errno_location(){{$}}
; CHECK-NEXT: store i32 1
; CHECK-NEXT: call ptr @_ZTW5extra()
; CHECK-NEXT: store i32 2
define void @functions() {
  %e = call ptr @__errno_location() memory(none)
  %x = call ptr @_ZTW5extra()
  store i32 0, ptr %x
  call void @switches()
  store i32 1, ptr %e
  store i32 2, ptr %x
  ret void
}
; The guard of a local static of a thread: what was constructed is that thread's.
; CHECK-LABEL: define void @guard(
; CHECK: asm sideeffect
; CHECK: call void @switches()
; CHECK-NEXT: store i8 1
define void @guard() {
  %at = call ptr @llvm.threadlocal.address.p0(ptr @_ZGVZ4initvE1x)
  %v = load i8, ptr %at
  call void @switches()
  store i8 1, ptr %at
  ret void
}
; CHECK-LABEL: define i32 @branches(
; CHECK: yes:
; CHECK: call void @switches()
; CHECK-NEXT: call ptr asm sideeffect
; CHECK-NEXT: br label %join
define i32 @branches(i1 %c) {
entry:
  %at = call ptr @llvm.threadlocal.address.p0(ptr @own)
  br i1 %c, label %yes, label %join
yes:
  call void @switches()
  br label %join
join:
  %p = phi ptr [ null, %entry ], [ %at, %yes ]
  %v = load i32, ptr %p
  ret i32 %v
}
; CHECK-LABEL: define ptr @pointer(
; CHECK: call ptr asm sideeffect "movq %fs:0, $0", "=r"()
define ptr @pointer() {
  %p = call ptr @llvm.thread.pointer()
  ret ptr %p
}
; Without the intrinsic.
; CHECK-LABEL: define i32 @directly(
; CHECK: asm sideeffect
; CHECK-NEXT: getelementptr
; CHECK-NEXT: load i32
define i32 @directly() {
  %v = load i32, ptr getelementptr (i32, ptr @own, i64 3)
  ret i32 %v
}
; CHECK: attributes #[[OPAQUE]] = { nounwind willreturn memory(inaccessiblemem: readwrite) }
