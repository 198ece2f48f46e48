// One flag for every kind of compiler call, without a warning from any of them.
//
// RUN: %fibersan -Wall -Wextra -Werror -E %s -o %t.ii
// RUN: %fibersan -Wall -Wextra -Werror -fsyntax-only %s
// RUN: %fibersan -Wall -Wextra -Werror -S %s -o %t.s
// RUN: %fibersan -Wall -Wextra -Werror -S -emit-llvm %s -o %t.ll && FileCheck %s --input-file=%t.ll
// RUN: %fibersan -Wall -Wextra -Werror -fPIC -c %s -o %t.o
// RUN: %fibersan -Wall -Wextra -Werror -O0 -c %s -o %t.0.o
// RUN: %fibersan -Wall -Wextra -Werror -O2 -c %s -o %t.2.o
// RUN: %fibersan -Wall -Wextra -Werror -O3 -c %s -o %t.3.o
// RUN: %fibersan -Wall -Wextra -Werror %t.o -o %t && %run %t
// RUN: %fiber -Wall -Wextra -Werror %s -o %t.plain && not %run %t.plain
//
// The header's default dialect, gnu++17.
// RUN: clang++-19 --config=%build/fibersan.cfg -Wall -Wextra -Werror %s -o %t.17 && %run %t.17
#include <fiber/fiber.h>

int value = 0;

int main() {
  return fiber::run([] {
    value = 1;
#ifdef FIBERSAN
    return 0;
#else
    return 1;
#endif
  });
}

// CHECK: __fsan_{{(check_|test_)?}}write4
