; No pass of the optimiser reads what the program does not. Each function here is what one pass
; would read for, and does without the plugin (PLAIN).
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='function(gvn)' -S %s | FileCheck %s --check-prefix=GVN
; RUN: opt-19 -passes='function(gvn)' -S %s | FileCheck %s --check-prefix=GVN-PLAIN
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='function(loop-mssa(licm))' -S %s | FileCheck %s --check-prefix=LICM
; RUN: opt-19 -passes='function(loop-mssa(licm))' -S %s | FileCheck %s --check-prefix=LICM-PLAIN
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='function(instcombine<no-verify-fixpoint>)' -S %s | FileCheck %s --check-prefix=COMBINE
; RUN: opt-19 -passes='function(instcombine<no-verify-fixpoint>)' -S %s | FileCheck %s --check-prefix=COMBINE-PLAIN
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='function(sroa<modify-cfg>)' -S %s | FileCheck %s --check-prefix=SROA
; RUN: opt-19 -passes='function(sroa<modify-cfg>)' -S %s | FileCheck %s --check-prefix=SROA-PLAIN
; RUN: opt-19 -load-pass-plugin=%build/lib/fibersan-instrument.so -passes='cgscc(argpromotion)' -S %s | FileCheck %s --check-prefix=ARGUMENT
; RUN: opt-19 -passes='cgscc(argpromotion)' -S %s | FileCheck %s --check-prefix=ARGUMENT-PLAIN

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@a = global i32 0, align 4
@b = global i32 0, align 4
@table = global [4 x i32] zeroinitializer, align 16
@text = global [16 x i8] zeroinitializer
@word = private constant [4 x i8] c"abc\00"

declare void @release() nofree
declare i32 @strcmp(ptr, ptr) memory(argmem: read) nounwind willreturn
declare <4 x i32> @llvm.masked.load.v4i32.p0(ptr, i32, <4 x i1>, <4 x i32>)

; The load of the next round, behind the release.
; GVN-LABEL: define i32 @next_round(
; GVN: load i32, ptr @a
; GVN: call void @release
; GVN-NOT: load
; GVN-LABEL: define
; GVN-PLAIN-LABEL: define i32 @next_round(
; GVN-PLAIN: call void @release
; GVN-PLAIN: load i32, ptr @a
define i32 @next_round(i32 %n) sanitize_thread {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %i.next, %latch ]
  %v = load i32, ptr @a, align 4
  %odd = and i32 %v, 1
  %c = icmp eq i32 %odd, 0
  br i1 %c, label %tell, label %latch
tell:
  call void @release()
  br label %latch
latch:
  %i.next = add i32 %i, 1
  %more = icmp slt i32 %i.next, %n
  br i1 %more, label %loop, label %end
end:
  ret i32 %v
}

; Read and written on some ways through the loop.
; LICM-LABEL: define void @conditional_sum(
; LICM: entry:
; LICM-NOT: volatile
; LICM-NOT: load i32, ptr @a
; LICM: loop:
; LICM: add:
; LICM-NEXT: load i32, ptr @a
; LICM-PLAIN-LABEL: define void @conditional_sum(
; LICM-PLAIN: entry:
; LICM-PLAIN-NEXT: load i32, ptr @a
define void @conditional_sum(ptr noalias %q, i64 %n) sanitize_thread {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %latch ]
  %at = getelementptr i32, ptr %q, i64 %i
  %v = load i32, ptr %at, align 4
  %c = icmp sgt i32 %v, 40
  br i1 %c, label %add, label %latch
add:
  %old = load i32, ptr @a, align 4
  %sum = add i32 %old, %v
  store i32 %sum, ptr @a, align 4
  br label %latch
latch:
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}

; The address is computed in the loop, from where LICM first moves it out.
; LICM-LABEL: define void @conditional_field(
; LICM: entry:
; LICM-NOT: load i32
; LICM: loop:
; LICM-PLAIN-LABEL: define void @conditional_field(
; LICM-PLAIN: entry:
; LICM-PLAIN: load i32
; LICM-PLAIN: loop:
define void @conditional_field(ptr dereferenceable(16) %object, ptr noalias %q, i64 %n) sanitize_thread nofree nosync {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %latch ]
  %field = getelementptr i32, ptr %object, i64 2
  %at = getelementptr i32, ptr %q, i64 %i
  %v = load i32, ptr %at, align 4
  %c = icmp sgt i32 %v, 40
  br i1 %c, label %add, label %latch
add:
  %old = load i32, ptr %field, align 4
  %sum = add i32 %old, %v
  store i32 %sum, ptr %field, align 4
  br label %latch
latch:
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}

; Each round reads it: the register stays, as before.
; LICM-LABEL: define void @sum(
; LICM: entry:
; LICM-NEXT: load i32, ptr @a
; LICM: end:
; LICM: store i32 {{.*}}, ptr @a
define void @sum(ptr noalias %q, i64 %n) sanitize_thread {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.next, %loop ]
  %at = getelementptr i32, ptr %q, i64 %i
  %v = load i32, ptr %at, align 4
  %old = load i32, ptr @a, align 4
  %sum = add i32 %old, %v
  store i32 %sum, ptr @a, align 4
  %i.next = add i64 %i, 1
  %more = icmp ult i64 %i.next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}

; One of two variables.
; COMBINE-LABEL: define i32 @one_of_two(
; COMBINE: %p = select i1 %c, ptr @a, ptr @b
; COMBINE-NEXT: %v = load i32, ptr %p
; COMBINE-NEXT: ret
; COMBINE-PLAIN-LABEL: define i32 @one_of_two(
; COMBINE-PLAIN: load i32, ptr @a
; COMBINE-PLAIN: load i32, ptr @b
define i32 @one_of_two(i1 %c) sanitize_thread {
  %p = select i1 %c, ptr @a, ptr @b
  %v = load i32, ptr %p, align 4
  ret i32 %v
}

; An element of one of two arrays: InstCombine first moves the offset into the choice.
; COMBINE-LABEL: define i32 @element(
; COMBINE: select i1 %c, ptr
; COMBINE-NEXT: load i32
; COMBINE-NEXT: ret
; COMBINE-PLAIN-LABEL: define i32 @element(
; COMBINE-PLAIN: load i32
; COMBINE-PLAIN: load i32
define i32 @element(i1 %c) sanitize_thread {
  %p = select i1 %c, ptr @table, ptr getelementptr (i8, ptr @table, i64 4)
  %q = getelementptr i8, ptr %p, i64 8
  %v = load i32, ptr %q, align 4
  ret i32 %v
}

; Both were read before, as std::max does it: no load is invented, the choice is one of values.
; COMBINE-LABEL: define i32 @larger(
; COMBINE: call i32 @llvm.smax
define i32 @larger() sanitize_thread {
  %x = load i32, ptr @a, align 4
  %y = load i32, ptr @b, align 4
  %c = icmp slt i32 %x, %y
  %p = select i1 %c, ptr @b, ptr @a
  %v = load i32, ptr %p, align 4
  ret i32 %v
}

; Elements under a mask.
; COMBINE-LABEL: define <4 x i32> @masked(
; COMBINE: call <4 x i32> @llvm.masked.load.v4i32.p0(ptr nonnull @table
; COMBINE-PLAIN-LABEL: define <4 x i32> @masked(
; COMBINE-PLAIN: load <4 x i32>, ptr @table
define <4 x i32> @masked(<4 x i1> %mask) sanitize_thread {
  %v = call <4 x i32> @llvm.masked.load.v4i32.p0(ptr @table, i32 4, <4 x i1> %mask, <4 x i32> zeroinitializer)
  ret <4 x i32> %v
}

; A comparison that ends at the first difference.
; COMBINE-LABEL: define i1 @is_word(
; COMBINE: call i32 @strcmp(
; COMBINE-NOT: nobuiltin
; COMBINE: ret i1
; COMBINE-PLAIN-LABEL: define i1 @is_word(
; COMBINE-PLAIN: call i32 @bcmp(
define i1 @is_word() sanitize_thread {
  %d = call i32 @strcmp(ptr @text, ptr @word)
  %c = icmp eq i32 %d, 0
  ret i1 %c
}

; A local variable or another.
; SROA-LABEL: define i32 @local_or_other(
; SROA: %p = select i1 %c, ptr %l, ptr @a
; SROA: load i32, ptr %p
; SROA-PLAIN-LABEL: define i32 @local_or_other(
; SROA-PLAIN: load i32, ptr @a
; SROA-PLAIN: select i1 %c, i32
define i32 @local_or_other(i1 %c, i32 %x) sanitize_thread {
  %l = alloca i32, align 4
  store i32 %x, ptr %l, align 4
  %p = select i1 %c, ptr %l, ptr @a
  %v = load i32, ptr %p, align 4
  ret i32 %v
}

; The same where ways meet.
; SROA-LABEL: define i32 @local_or_other_way(
; SROA: entry:
; SROA-NOT: load
; SROA: end:
; SROA-PLAIN-LABEL: define i32 @local_or_other_way(
; SROA-PLAIN: entry:
; SROA-PLAIN: load i32, ptr @a
; SROA-PLAIN: end:
define i32 @local_or_other_way(i1 %c, i32 %x) sanitize_thread {
entry:
  %l = alloca i32, align 4
  store i32 %x, ptr %l, align 4
  br i1 %c, label %way, label %end
way:
  call void @release()
  br label %end
end:
  %p = phi ptr [ %l, %way ], [ @a, %entry ]
  %v = load i32, ptr %p, align 4
  ret i32 %v
}

; What only one way through the callee reads.
; ARGUMENT-LABEL: define i32 @caller(
; ARGUMENT-NOT: load
; ARGUMENT: ret
; ARGUMENT: define internal i32 @callee(ptr %p, i1 %c)
; ARGUMENT: load i32, ptr %p, align 4
; ARGUMENT-PLAIN-LABEL: define i32 @caller(
; ARGUMENT-PLAIN: load i32, ptr @a
define i32 @caller(i1 %c) sanitize_thread {
  %v = call i32 @callee(ptr @a, i1 %c)
  ret i32 %v
}
define internal i32 @callee(ptr %p, i1 %c) sanitize_thread {
  br i1 %c, label %read, label %end
read:
  %v = load i32, ptr %p, align 4
  ret i32 %v
end:
  ret i32 3
}

; Every way reads it: its callers read it, and pass the value.
; ARGUMENT-LABEL: define i32 @caller_of_reader(
; ARGUMENT: load i32, ptr @a
define i32 @caller_of_reader() sanitize_thread {
  %v = call i32 @reader(ptr @a)
  ret i32 %v
}
define internal i32 @reader(ptr %p) sanitize_thread {
  %v = load i32, ptr %p, align 4
  ret i32 %v
}
