; Each rule can be switched off by its name, and the summary says what each did. Every access
; that is seen is either left out by one rule or checked in one form.
; RUN: %opt_fsan -fibersan-hot-percent=50 -fibersan-stats %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=TABLE
; RUN: %opt_fsan -S -fibersan-calls-only %s | FileCheck %s --check-prefix=ALL
; RUN: %opt_fsan -S -fibersan-calls-only -fibersan-without=private,repeated,later %s | FileCheck %s --check-prefix=SOME
; RUN: %opt_fsan -S -fibersan-calls-only -fibersan-without=all %s | FileCheck %s --check-prefix=NONE
; RUN: rm -f %t.jsonl
; RUN: %opt_fsan -fibersan-hot-percent=50 -fibersan-stats=%t.jsonl %s -o /dev/null && %opt_fsan -fibersan-hot-percent=50 -fibersan-without=all -fibersan-stats=%t.jsonl %s -o /dev/null
; RUN: FileCheck %s --check-prefix=JSON --input-file=%t.jsonl
; RUN: not %opt_fsan -fibersan-without=often %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNKNOWN
; RUN: not %opt_fsan -fibersan-without=thread-local %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=NEEDED
; RUN: not %opt_fsan -fibersan-hot-percent=50 -fibersan-stats=%t.none/stats.jsonl %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNWRITABLE

; TABLE: FiberSan: eliminations.ll
; TABLE-NEXT: accesses seen 9
; TABLE-NEXT: checks: inline 2
; TABLE-NEXT: checks: call 0
; TABLE-NEXT: checks: range 1
; TABLE-NEXT: checks: before loops 0
; TABLE: without: constant 1
; TABLE: without: vtable 0
; TABLE: without: private 1
; TABLE: without: fresh-heap 0
; TABLE: without: thread-local 1
; TABLE: without: profile-counter 1
; TABLE: without: repeated 1
; TABLE: without: later 1

; JSON: {"module":"eliminations.ll","seen":9,"checks":{"inline":2,"call":0,"range":1},"before loops":0,"without":{"constant":1,{{.*}}"thread-local":1,"profile-counter":1,{{.*}}"repeated":1,"later":1,
; JSON-NEXT: {"module":"eliminations.ll","seen":9,"checks":{"inline":6,"call":0,"range":1},"before loops":0,"without":{"constant":0,{{.*}}"thread-local":1,"profile-counter":1,{{.*}}"repeated":0,"later":0,

; UNKNOWN: for the --fibersan-without option: Cannot find option named 'often'!
; NEEDED: for the --fibersan-without option: Cannot find option named 'thread-local'!
; UNWRITABLE: error: -fibersan-stats: cannot write '{{.*}}/stats.jsonl': No such file or directory

source_filename = "eliminations.ll"
@constant = constant i32 7
@local = thread_local(localexec) global i32 0
@__profc_f = global i64 0
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

; ALL-LABEL: define void @f(
; ALL-NOT: @__fsan_{{read|write}}
; ALL: @__fsan_read4(ptr %p,
; ALL-NOT: @__fsan_{{read|write}}
; ALL: @__fsan_write8(ptr %q,
; ALL: @__fsan_write_range(ptr %r, i64 %n,
; ALL: ret void

; SOME-LABEL: define void @f(
; SOME: @__fsan_write4(ptr %x,
; SOME: @__fsan_read4(ptr %p,
; SOME: @__fsan_read4(ptr %p,
; SOME: @__fsan_read8(ptr %q,
; SOME: @__fsan_write8(ptr %q,
; SOME: @__fsan_write_range(ptr %r, i64 %n,
; SOME: ret void

; NONE-LABEL: define void @f(
; NONE-NOT: br
; NONE: @__fsan_read4(ptr @constant,
; NONE: @__fsan_write4(ptr %x,
; NONE: @__fsan_read4(ptr %p,
; NONE: @__fsan_read4(ptr %p,
; NONE: @__fsan_read8(ptr %q,
; NONE: @__fsan_write8(ptr %q,
; NONE: @__fsan_write_range(ptr %r, i64 %n,
; NONE-NOT: @__fsan_{{read|write}}
; NONE: ret void
define void @f(ptr %p, ptr %q, ptr %r, i64 %n) {
  %x = alloca i32, align 4
  %a = load volatile i32, ptr @constant, align 4
  store i32 %a, ptr %x, align 4
  store i32 1, ptr @local, align 4
  store i64 1, ptr @__profc_f, align 8
  %b = load volatile i32, ptr %p, align 4
  %c = load volatile i32, ptr %p, align 4
  %d = load i64, ptr %q, align 8
  %e = add i64 %d, 1
  store i64 %e, ptr %q, align 8
  call void @llvm.memset.p0.i64(ptr align 1 %r, i8 0, i64 %n, i1 false)
  ret void
}
