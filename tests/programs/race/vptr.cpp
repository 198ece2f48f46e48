// An object is destroyed while another fiber still makes virtual calls: the destructor of the
// base class sets the pointer to the virtual functions. -DFIXED waits for the caller; "kept"
// destroys a class whose destructor sets the pointer to what it is: that alone is no race.
//
// RUN: %fibersan %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t kept 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -DFIXED %s -o %t.fixed && %run %t.fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %exits 66 %run %t 2>&1 | FileCheck %s --check-prefix=O0 --implicit-check-not=WARNING
// RUN: %run %t kept 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <new>

#include "../turn.h"

Turn turn;

struct Shape {
  virtual int corners() const { return 0; }
  virtual ~Shape();
};
struct Square : Shape {
  int corners() const override { return 4; }
  ~Square() override { turn.after(1); }
};

// Not inlined: what it stores would be known to be dead.
__attribute__((noinline)) Shape::~Shape() {
  std::puts("destroyed");
  turn.done();
}

struct Round {
  virtual int corners() const { return 0; }
  virtual ~Round();
};
__attribute__((noinline)) Round::~Round() { std::puts("destroyed"); }

alignas(16) char memory[64];

template <typename Object>
__attribute__((noinline)) int ask(const Object& object) {
  return object.corners();
}

int main(int argc, char**) {
  return fiber::run([argc] {
    fiber::WaitGroup caller;
    if (argc > 1) {
      auto* round = new (memory) Round;
      caller.go([&] { turn.after(1), std::printf("%d corners\n", ask(*round)), turn.done(); });
      round->~Round();
      turn.done();
      turn.after(2);
      caller.wait();
      return;
    }
    Shape* square = new (memory) Square;
#ifdef FIXED
    caller.go([&] { turn.done(), std::printf("%d corners\n", ask(*square)); });
    caller.wait();
    square->~Shape();
#else
    caller.go([&] { turn.after(2), std::printf("%d corners\n", ask(*square)); });
    turn.done();
    square->~Shape();
    caller.wait();
#endif
  });
}
// CHECK: WARNING: FiberSan: data race on vptr
// CHECK-NEXT: Read of size 8 at 0x{{[0-9a-f]+}} by fiber 2:
// CHECK-NEXT: #0 int ask<Shape>(Shape const&)
// CHECK: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber 1:
// CHECK-NEXT: #0 Shape::~Shape()
// CHECK: SUMMARY: FiberSan: data race on vptr {{.*}}vptr.cpp
// CHECK: FiberSan: reported 1 warnings; precision: exact
// O0: WARNING: FiberSan: data race
// O0: Previous write of size 8 at 0x{{[0-9a-f]+}} by fiber 1:
// O0-NEXT: #0 Shape::~Shape()
// O0: FiberSan: reported 1 warnings; precision: exact
// FIXED: corners
