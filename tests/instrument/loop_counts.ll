; Accesses for which a check before a loop stands are left out by the loop's rule, and that check is
; counted apart: the sums of seen accesses and of what became of them are equal.
; RUN: %opt_fsan -fibersan-stats %s -o /dev/null 2>&1 | FileCheck %s
; RUN: %opt_fsan -fibersan-without=hoisted,loop-range -fibersan-stats %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=WITHOUT

; CHECK: accesses seen 3
; CHECK-NEXT: checks: inline 0
; CHECK-NEXT: checks: call 0
; CHECK-NEXT: checks: range 0
; CHECK-NEXT: checks: before loops 2
; CHECK: without: hoisted 1
; CHECK-NEXT: without: loop-range 2
; WITHOUT: accesses seen 3
; WITHOUT-NEXT: checks: inline 3
; WITHOUT-NEXT: checks: call 0
; WITHOUT-NEXT: checks: range 0
; WITHOUT-NEXT: checks: before loops 0
; WITHOUT: without: hoisted 0
; WITHOUT-NEXT: without: loop-range 0

; One range for both neighbours.
define i32 @last(ptr %a, ptr %last, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i32, ptr %a, i64 %i
  %next = add nuw nsw i64 %i, 1
  %q = getelementptr inbounds i32, ptr %a, i64 %next
  %v = load i32, ptr %p, align 4
  %w = load i32, ptr %q, align 4
  %sum = add i32 %v, %w
  store i32 %sum, ptr %last, align 4
  %more = icmp ne i64 %next, %n
  br i1 %more, label %loop, label %exit
exit:
  ret i32 %sum
}
