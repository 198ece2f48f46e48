// Loops are vectorised before the checks and polls come, with each kind of LTO as without:
// the check of 16 bytes or more stands beside a vector's load and store. Polls alone leave
// the loop to the link.
//
// RUN: clang-19 --config=%build/fibersan.cfg -O2 -S -emit-llvm %s -o - | FileCheck %s
// RUN: clang-19 --config=%build/fibersan.cfg -O2 -flto -S -emit-llvm %s -o - | FileCheck %s
// RUN: clang-19 --config=%build/fibersan.cfg -O2 -flto=thin -S -emit-llvm %s -o - | FileCheck %s
// RUN: clang-19 --config=%build/fibersan.cfg -O1 -flto=thin -S -emit-llvm %s -o - | FileCheck %s --check-prefix=O1
// RUN: clang-19 --config=%build/fibersan.cfg -O2 -flto=thin -fno-vectorize -S -emit-llvm %s -o - | FileCheck %s --check-prefixes=O1,PAIR
// RUN: clang-19 --config=%build/fibersan.cfg -O2 -flto=thin -fno-vectorize -fno-slp-vectorize -fno-unroll-loops -S -emit-llvm %s -o - | FileCheck %s --check-prefixes=O1,SINGLE
//
// RUN: clang-19 --config=%build/fibersan.cfg -O2 -flto=thin -fuse-ld=lld %s -o %t && llvm-objdump-19 -d --disassemble-symbols=scale %t | FileCheck %s --check-prefix=CODE
// RUN: clang-19 --config=%build/fiber.cfg -O2 -flto=thin -fuse-ld=lld %s -o %t && llvm-objdump-19 -d --disassemble-symbols=scale %t | FileCheck %s --check-prefix=CODE
__attribute__((noinline)) void scale(float* restrict a, const float* restrict b, int n) {
  for (int i = 0; i < n; ++i) a[i] = a[i] * 3 + b[i];
}
float x[4096], y[4096];
double pair[2];
void twice(void) {
  pair[0] *= 2;
  pair[1] *= 2;
}
int main(void) {
  scale(x, y, 4096);
  return (int)x[7];
}
// CHECK-LABEL: define {{.*}}@scale(
// CHECK: <4 x float> @llvm.fmuladd.v4f32
// CHECK-LABEL: define {{.*}}@main(
// O1-LABEL: define {{.*}}@scale(
// O1-NOT: <4 x float>
// O1-LABEL: define {{.*}}@twice(
// PAIR: fmul <2 x double>
// SINGLE: fmul double
// SINGLE: fmul double
// CODE: mulps
