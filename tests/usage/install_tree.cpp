// The install tree is laid out as the build tree and may be moved: both config files and the
// CMake package find everything relative to themselves.
//
// RUN: rm -rf %t && mkdir %t && cmake --install %build --prefix %t/first > %t/install.log
// RUN: mv %t/first %t/second
// RUN: clang++-19 --config=%t/second/fibersan.cfg -O1 -g -I %S %s -o %t/checked
// RUN: %exits 66 %run %t/checked 2>&1 | FileCheck %s
// RUN: clang++-19 --config=%t/second/fiber.cfg -O2 -I %S %s -o %t/plain
// RUN: %run %t/plain 2>&1 | FileCheck %s --check-prefix=PLAIN --implicit-check-not=FiberSan
//
// A CMake project of the user.
// RUN: cp -r %S/Inputs/cmake_project %t/project && cp %s %S/racy.h %t/project
// RUN: cmake -G Ninja -S %t/project -B %t/project/build -DCMAKE_PREFIX_PATH=%t/second -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 > %t/configure.log
// RUN: ninja -C %t/project/build > %t/build.log
// RUN: %exits 66 %run %t/project/build/checked 2>&1 | FileCheck %s
// RUN: %run %t/project/build/plain 2>&1 | FileCheck %s --check-prefix=PLAIN --implicit-check-not=FiberSan
#include "racy.h"

int main() { return run_racy_program(); }

// CHECK: WARNING: FiberSan: data race
// PLAIN: main runs
