; A loop that counts to a limit runs in chunks: its own instructions stay, its limit is nearer.
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls -fiber-poll-chunk=64 -S %s | FileCheck %s
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes=fiber-polls -S %s | FileCheck %s --check-prefix=LONG

; CHECK-LABEL: define void @differs(
; The first chunk: 64 steps of 4, or the limit.
; CHECK: %[[DISTANCE:.*]] = sub i64 %n, 4
; CHECK-NEXT: %[[NEAR:.*]] = icmp ule i64 %[[DISTANCE]], 256
; CHECK-NEXT: %[[FIRST:.*]] = select i1 %[[NEAR]], i64 %n, i64 260
; CHECK: chunk.begin:
; CHECK-NEXT: %[[CHUNK:.*]] = phi i64 [ %[[FIRST]], %entry ], [ %[[NEXT:.*]], %[[BACK:.*]] ]
; CHECK: loop:
; CHECK-NOT: asm
; CHECK: %[[GOES_ON:.*]] = icmp ne i64 %next, %[[CHUNK]]
; CHECK-NEXT: br i1 %[[GOES_ON]], label %loop, label %chunk.end
; CHECK: chunk.end:
; CHECK-NEXT: %[[REALLY:.*]] = icmp ne i64 %next, %n
; CHECK-NEXT: br i1 %[[REALLY]], label %chunk.poll, label %exit, !prof
; CHECK: chunk.poll:
; CHECK-NEXT: %[[NOW:.*]] = freeze i64 %next
; CHECK-NEXT: sub i64 %n, %[[NOW]]
; CHECK: asm sideeffect "movzbl
; CHECK: call preserve_mostcc void @__fiber_preempt()
; LONG-LABEL: define void @differs(
; LONG: icmp ule i64 %{{.*}}, {{[0-9][0-9][0-9][0-9][0-9]}}
define void @differs(ptr %p, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i8, ptr %p, i64 %i
  store i32 0, ptr %at
  %next = add nuw i64 %i, 4
  %done = icmp eq i64 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret void
}
; Not known to hold on entry: the loop may end at once, beyond its limit.
; CHECK-LABEL: define void @less(
; CHECK: icmp ule i32 %{{.*}}, 64
; CHECK-NEXT: icmp sge i32 1, %n
; CHECK-NEXT: or i1
; CHECK: icmp slt i32 %next, %chunk
define void @less(ptr %p, i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i8, ptr %p, i32 %i
  store i8 0, ptr %at
  %next = add nsw i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; Start and limit do not change in the outer loop: the first chunk is computed before both.
; CHECK-LABEL: define void @nested(
; CHECK: entry:
; CHECK: select i1 %{{.*}}, i64 %n,
; CHECK: outer:
; CHECK-NOT: select
; CHECK: loop:
define void @nested(ptr %p, i64 %n, i64 %m) {
entry:
  br label %outer
outer:
  %o = phi i64 [ 0, %entry ], [ %onext, %outer.latch ]
  br label %loop
loop:
  %i = phi i64 [ 0, %outer ], [ %next, %loop ]
  %at = getelementptr i8, ptr %p, i64 %i
  store i8 0, ptr %at
  %next = add nuw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %outer.latch
outer.latch:
  %onext = load volatile i64, ptr %p
  %omore = icmp ne i64 %onext, 0
  br i1 %omore, label %outer, label %exit
exit:
  ret void
}
; May step over its limit and go on for ever: tested, not counted.
; CHECK-LABEL: define void @steps_over(
; CHECK-NOT: chunk
; CHECK: asm sideeffect "movzbl
; CHECK: ret void
define void @steps_over(ptr %p, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  store volatile i64 %i, ptr %p
  %next = add i64 %i, 6
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; No code for speed where the program asks for size.
; CHECK-LABEL: define void @small(
; CHECK-NOT: chunk
; CHECK: asm sideeffect "movzbl
; CHECK: ret void
define void @small(ptr %p, i64 %n) minsize {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  store volatile i64 %i, ptr %p
  %next = add nuw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; A step that is no constant, as in a sieve; length and chunk are computed before the loop.
; CHECK-LABEL: define void @any_step(
; CHECK: %[[LENGTH:.*]] = add {{.*}}i64 %{{.*}}, 64
; CHECK: icmp ule i64 %{{.*}}, %[[LENGTH]]
; CHECK: loop:
; CHECK: icmp ult i64 %next, %chunk
define void @any_step(ptr %p, i64 %x, i64 %n) {
entry:
  %low = and i64 %x, 255
  %step = add nuw nsw i64 %low, 1
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i8, ptr %p, i64 %i
  store i8 0, ptr %at
  %next = add nuw nsw i64 %i, %step
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret void
}
; The comparison is inside: the chunk's end goes around with the loop.
; CHECK-LABEL: define void @inside(
; CHECK: loop:
; CHECK: %[[CHUNK:.*]] = phi i64 [ %{{.*}}, %entry ], [ %[[AROUND:.*]], %rest ]
; CHECK: icmp ne i64 %next, %[[CHUNK]]
; CHECK-NEXT: br i1 %{{.*}}, label %chunk.begin, label %chunk.end
; CHECK: chunk.begin:
; CHECK-NEXT: %[[AROUND]] = phi i64 [ %[[CHUNK]], %loop ], [ %{{.*}}, %{{.*}} ]
; CHECK-NEXT: br label %rest
; CHECK: rest:
; CHECK: br label %loop
define void @inside(ptr %p, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %rest ]
  %at = getelementptr i8, ptr %p, i64 %i
  store i8 0, ptr %at
  %next = add nuw i64 %i, 1
  %more = icmp ne i64 %next, %n
  br i1 %more, label %rest, label %exit
rest:
  store i8 1, ptr %at
  br label %loop
exit:
  ret void
}
