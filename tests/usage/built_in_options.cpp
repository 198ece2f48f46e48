// Options and suppressions that are built into the program, as sanitizers have them: functions that
// it defines, in an object or in an archive that nothing else needs. The environment is stronger.
//
// RUN: %fibersan %s -o %t.none && %exits 66 %run %t.none 2>&1 | FileCheck %s --check-prefix=FOUND
// RUN: %fibersan -DHOOKS %s -o %t && %run %t 2>&1 | FileCheck %s --check-prefix=KNOWN
// RUN: %fibersan -fuse-ld=lld -DHOOKS %s -o %t.lld && %run %t.lld 2>&1 | FileCheck %s --check-prefix=KNOWN
// RUN: %fibersan -fuse-ld=lld -no-pie %s -o %t.lld_none && %exits 66 %run %t.lld_none 2>&1 | FileCheck %s --check-prefix=FOUND
// RUN: %fibersan -DHOOKS -DONLY_HOOKS -c %s -o %t.hooks.o && rm -f %t.a && llvm-ar-19 rc %t.a %t.hooks.o
// RUN: %fibersan %s %t.a -o %t.archive && %run %t.archive 2>&1 | FileCheck %s --check-prefix=KNOWN
// RUN: %fibersan -fuse-ld=lld -no-pie %s %t.a -o %t.archive && %run %t.archive 2>&1 | FileCheck %s --check-prefix=KNOWN
// RUN: env FIBERSAN_OPTIONS=print_suppressions=0 %run %t 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=matched
// RUN: %fibersan -DWRONG %s -o %t.wrong && %exits 1 %run %t.wrong 2>&1 | FileCheck %s --check-prefix=WRONG
#ifdef HOOKS
extern "C" const char* __fibersan_default_options() { return "print_suppressions=1:exitcode=3"; }
extern "C" const char* __fibersan_default_suppressions() {
  return "# reason: for the test\nrace:add_one\nleak:nothing\n\n"
         "# expires: 2001-02-03\nrace:add_one\n";
}
#endif
#ifdef WRONG
extern "C" const char* __fibersan_default_options() { return "exit_code=3"; }
#endif

#ifndef ONLY_HOOKS
#include <fiber/fiber.h>

#include <cstdio>

int counter = 0;

__attribute__((noinline)) void add_one(int& number) { ++number; }

int main() {
  fiber::run([] {
    fiber::WaitGroup group;
    for (int i = 0; i < 2; ++i) group.go([] { add_one(counter); });
    group.wait();
  });
  std::puts("counted");
}
#endif
// FOUND: WARNING: FiberSan: data race
// KNOWN: FiberSan: the suppression race:add_one (of the program, line 6) expired on 2001-02-03 and suppresses nothing
// KNOWN-NOT: WARNING
// KNOWN: FiberSan: matched 1 suppression:
// KNOWN-NEXT: {{^  1 race:add_one$}}
// KNOWN-NEXT: FiberSan: did not need 2 suppressions:
// KNOWN-NEXT: {{^  0 leak:nothing$}}
// KNOWN-NEXT: {{^  0 race:add_one \(expired\)$}}
// SILENT: counted
// WRONG: FiberSan: unknown option 'exit_code' in __fibersan_default_options(){{.*}}exitcode
