// Suppressions: a finding that a line of the file names is not reported and does not change the
// exit status; a file that is not there, and a line that is none, end the process at once.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=FOUND
// RUN: printf '# known\n\nrace:^add_one*int&)$\nleak:never\n' > %t.known && env FIBERSAN_OPTIONS=suppressions='"'%t.known'"':print_suppressions=1 %run %t 2>&1 | FileCheck %s --check-prefix=KNOWN
// RUN: env FIBERSAN_OPTIONS=verbosity=1:suppressions='"'%t.known'"' %run %t 2>&1 | FileCheck %s --check-prefix=REASON
// RUN: echo 'race:^one' > %t.other && %exits 66 env FIBERSAN_OPTIONS=suppressions='"'%t.other'"' %run %t 2>&1 | FileCheck %s --check-prefix=FOUND
// RUN: echo 'race_top:counter' > %t.top && %exits 66 env FIBERSAN_OPTIONS=suppressions='"'%t.top'"' %run %t 2>&1 | FileCheck %s --check-prefix=FOUND
// RUN: echo 'race:counter$' > %t.global && env FIBERSAN_OPTIONS=suppressions='"'%t.global'"' %run %t 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=FiberSan
// RUN: %exits 1 env FIBERSAN_OPTIONS=suppressions='"'%t.nowhere'"' %run %t 2>&1 | FileCheck %s --check-prefix=MISSING --implicit-check-not=counted
// RUN: printf 'race:a\ncalled_from_lib:b\n' > %t.bad && %exits 1 env FIBERSAN_OPTIONS=suppressions='"'%t.bad'"' %run %t 2>&1 | FileCheck %s --check-prefix=BAD --implicit-check-not=counted
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
// FOUND: WARNING: FiberSan: data race
// FOUND: FiberSan: reported 1 warnings
// KNOWN-NOT: WARNING
// KNOWN: FiberSan: matched 1 suppression:
// KNOWN-NEXT: {{^  1 race:\^add_one\*int&\)\$$}}
// REASON: FiberSan: the suppression race:^add_one*int&)$ ({{.*}}.known line 3) has no reason: say why in a comment above, # reason: ...
// SILENT: counted
// MISSING: FiberSan: suppressions={{.*}}.nowhere in FIBERSAN_OPTIONS: cannot open it: No such file or directory
// BAD: FiberSan: suppressions={{.*}}.bad in FIBERSAN_OPTIONS: line 2: 'called_from_lib:b': expected type:pattern, where type is one of race, race_top, deadlock, leak, misuse
