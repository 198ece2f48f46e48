// One config file for all links: a shared library holds neither runtime nor detector, takes
// them from the executable, and is checked. A library opened later is, too.
//
// DEFINE: %{library} = -DLIBRARY -shared -fPIC %s
// RUN: %fibersan %{library} -o %t.so && llvm-nm-19 -D %t.so | FileCheck %s --check-prefix=SYMBOLS
// RUN: %fibersan -O2 %s %t.so -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan %{library} -fuse-ld=lld -flto=thin -O2 -o %t.so && %exits 66 %run %t 2>&1 | FileCheck %s
// RUN: %fibersan -DOPENED %s -o %t.opener && %exits 66 %run %t.opener %t.so 2>&1 | FileCheck %s
// RUN: %fiber %{library} -o %t.plain.so && %fiber %s %t.plain.so -o %t.plain && %run %t.plain
//
// So do relocatable links, and executables of each kind.
// RUN: %fibersan -c -DLIBRARY %s -o %t.part.o && %fibersan -r %t.part.o -o %t.whole.o
// RUN: %fibersan -no-pie -fno-pie %s %t.whole.o -o %t && %exits 66 %run %t 2>&1 | FileCheck %s
//
// The detector brings malloc.
// RUN: not %fibersan -static %s -o %t 2>&1 | FileCheck %s --check-prefix=STATIC
// RUN: not %fibersan -static-pie -fuse-ld=lld %s -o %t 2>&1 | FileCheck %s --check-prefix=STATIC
// STATIC: FiberSan_programs_cannot_be_static:_leave_out_-static
#ifdef LIBRARY
namespace {
int counter;
}
extern "C" int count() { return ++counter; }
// SYMBOLS-NOT: {{ [TDBR] .*(fsan|fiber)}}
// SYMBOLS: U __fsan_
// SYMBOLS: T count
// SYMBOLS-NOT: {{ [TDBR] .*(fsan|fiber)}}
#else
#include <dlfcn.h>
#include <fiber/fiber.h>

#ifndef OPENED
extern "C" int count();
#endif

int main(int, char** arguments) {
#ifdef OPENED
  auto* count = reinterpret_cast<int (*)()>(dlsym(dlopen(arguments[1], RTLD_NOW), "count"));
#endif
  (void)arguments;
  return fiber::run([&] {
    fiber::WaitGroup both;
    for (int i = 0; i < 2; ++i) both.go([&] { count(); });
    both.wait();
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 count {{.*}}shared_library.cpp
// CHECK: FiberSan: reported 1 warnings; precision: exact
#endif
