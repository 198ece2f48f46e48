// C is instrumented like C++; the config file brings what the runtime needs to link.
//
// RUN: %fibersan_c -Wall -Wextra -Werror %s -o %t && %run %t | FileCheck %s
// RUN: %fiber_c -Wall -Wextra -Werror %s -o %t.plain && %run %t.plain | FileCheck %s
#include <stdio.h>

static int values[4];

int main(void) {
  for (int i = 0; i < 4; ++i) values[i] = i * i;
  printf("%d\n", values[3]);
  return 0;
}

// CHECK: 9
