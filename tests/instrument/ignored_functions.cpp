// FIBERSAN_IGNORE on a function, a method, a template and a lambda, at -O0 and optimised: no
// plain access is checked, also where it would be inlined into checked code; atomics keep
// their order, and calls lead into checked code.
//
// RUN: %fibersan -O0 -mllvm -fibersan-calls-only -S -emit-llvm %s -o - | FileCheck %s
// RUN: %fibersan -O2 -mllvm -fibersan-calls-only -S -emit-llvm %s -o - | FileCheck %s
// RUN: %fibersan -O2 -g -mllvm -fibersan-calls-only -S -emit-llvm %s -o - | FileCheck %s
// RUN: echo 'src:*ignored_functions.cpp' > %t.txt
// RUN: %fibersan -O2 -g -mllvm -fibersan-ignorelist=%t.txt -S -emit-llvm %s -o - | FileCheck %s --check-prefix=LIST
// LIST-NOT: call {{.*}}@__fsan_{{read|write}}
#include <fiber/annotations.h>

#include <atomic>

extern int shared[8];
extern std::atomic<int> flag;

// CHECK-LABEL: define {{.*}}@{{.*}}functionv
// CHECK-NOT: @__fsan_{{read|write}}
// CHECK: @__fsan_atomic32_store
// CHECK-NOT: @__fsan_{{read|write}}
// CHECK: ret void
FIBERSAN_IGNORE void function() {
  shared[0] = 1;
  flag.store(1, std::memory_order_release);
}

struct Object {
  int member = 0;
  FIBERSAN_IGNORE void set() { member = 2; }
};

template <typename T>
FIBERSAN_IGNORE void fill(T* where, T what) {
  *where = what;
}

__attribute__((always_inline)) inline FIBERSAN_IGNORE void inlined_by_force() { shared[4] = 1; }

// CHECK-LABEL: define {{.*}}@{{.*}}caller
// CHECK: @__fsan_write4
// CHECK-NOT: @__fsan_{{read|write}}
// CHECK: ret void
void caller(Object& object) {
  shared[1] = 1;
  object.set();
  fill(shared + 2, 7);
  static_cast<void (*)()>([]() FIBERSAN_IGNORE { shared[3] = 1; })();
  inlined_by_force();
}
// CHECK-NOT: call {{.*}}@__fsan_{{read|write}}
