// A finding has the same fingerprint when lines, functions and lambdas that have no part in it come
// and go, and at another level of optimization; another finding has another one.
//
// RUN: %fibersan %s -o %t && %exits 66 env FIBERSAN_OPTIONS=verbosity=1 %run %t 2>&1 | grep -o "fingerprint: [0-9a-f]*" | sort > %t.before
// RUN: %fibersan -DEDITED %s -o %t && %exits 66 env FIBERSAN_OPTIONS=verbosity=1 %run %t 2>&1 | grep -o "fingerprint: [0-9a-f]*" | sort > %t.edited
// RUN: %fibersan -O2 -DEDITED %s -o %t && %exits 66 env FIBERSAN_OPTIONS=verbosity=1 %run %t 2>&1 | grep -o "fingerprint: [0-9a-f]*" | sort > %t.optimized
// RUN: %fibersan -DANOTHER %s -o %t && %exits 66 env FIBERSAN_OPTIONS=verbosity=1 %run %t 2>&1 | grep -o "fingerprint: [0-9a-f]*" | sort > %t.another
// RUN: uniq %t.before | wc -l | FileCheck %s
// RUN: diff %t.before %t.edited
// RUN: diff %t.before %t.optimized
// RUN: not diff %t.before %t.another
// CHECK: {{^}}2{{$}}
#include <fiber/fiber.h>

#include <vector>

#ifdef EDITED

template <class T>
struct Number {
  T value;
  int unused;
};
void not_called() {}
#define unrelated renamed
#else
template <class T>
struct Number {
  T value;
};
#endif

long total = 0;
Number<int> count;
#ifdef ANOTHER
#define add_one count_one
#endif

void unrelated() {}

template <class T>
__attribute__((noinline)) void add_one(T& number) {
  ++number;
}

int main() {
#ifdef EDITED
  const auto before = [] { unrelated(); };
  before();
#endif
  return fiber::run([] {
    fiber::WaitGroup group;
#ifdef EDITED
    group.go([] { unrelated(); });
#endif
    for (int i = 0; i < 2; ++i) group.go([] { add_one(total); });
    for (int i = 0; i < 2; ++i) {
#ifdef EDITED
      group.go([] { unrelated(); });

#endif
      group.go([] { add_one(count.value); });
    }
    group.wait();
  });
}
