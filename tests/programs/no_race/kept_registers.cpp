// The stubs of checks keep every register: whole, partial and missed stamps, contexts that are new,
// with live values in vector registers, on the x87 stack, and in all general registers.
//
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=differ --implicit-check-not=changed
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=differ --implicit-check-not=changed
// RUN: %fibersan -O3 -fPIC -fomit-frame-pointer %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING --implicit-check-not=differ --implicit-check-not=changed
#include <fiber/fiber.h>

#include <cfenv>
#include <cstdint>
#include <cstdio>
#include <vector>

// Each step meets memory that nobody has touched, and later its own stamps.
template <typename T>
[[gnu::noinline]] T many_live(T* place, int count, T a, T b, T c, T d) {
  T e = a + 1, f = b + 2, g = c + 3, h = d + 4, i = a + 5, j = b + 6, k = c + 7, l = d + 8;
  for (int n = 0; n < count; ++n) {
    place[n] = a;
    T old = a;
    a = b + place[n], b = c, c = d, d = e, e = f, f = g, g = h, h = i, i = j, j = k, k = l;
    l = old - place[n / 2];
  }
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
         12 * l;
}
template <typename T>
[[gnu::noinline, clang::disable_sanitizer_instrumentation]] T expected(int count, T a, T b, T c,
                                                                       T d) {
  std::vector<T> memory(static_cast<size_t>(count));
  T* place = memory.data();
  T e = a + 1, f = b + 2, g = c + 3, h = d + 4, i = a + 5, j = b + 6, k = c + 7, l = d + 8;
  for (int n = 0; n < count; ++n) {
    place[n] = a;
    T old = a;
    a = b + place[n], b = c, c = d, d = e, e = f, f = g, g = h, h = i, i = j, j = k, k = l;
    l = old - place[n / 2];
  }
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k +
         12 * l;
}
template <typename T>
void try_type(const char* name) {
  constexpr int kCount = 40;
  std::vector<T> memory(kCount);
  for (int round = 0; round < 3; ++round) {
    const T got = many_live<T>(memory.data(), kCount, T(1), T(2), T(3), T(5));
    if (got != expected<T>(kCount, T(1), T(2), T(3), T(5))) std::printf("%s differs\n", name);
  }
}

typedef float Wide __attribute__((vector_size(32)));
[[gnu::noinline]] float vectors(Wide* place, int count) {
  Wide a = {1, 2, 3, 4, 5, 6, 7, 8}, b = a + 1, c = a + 2, sum = a;
  for (int n = 0; n < count; ++n) {
    place[n] = a;
    sum += place[n / 2] + b;
    a += 1, b += c, c -= 1;
  }
  float total = 0;
  for (int n = 0; n < 8; ++n) total += sum[n];
  return total;
}

int main() {
  return fiber::run([] {
    try_type<uint8_t>("uint8_t");
    try_type<uint16_t>("uint16_t");
    try_type<uint32_t>("uint32_t");
    try_type<uint64_t>("uint64_t");
    try_type<float>("float");
    try_type<double>("double");
    try_type<long double>("long double");
    alignas(32) static Wide wide[40];
    const float first = vectors(wide, 40), second = vectors(wide, 40);
    if (first != second || first != -32204) std::printf("vectors differ: %f %f\n", first, second);
    // The rounding direction is the fiber's own.
    static volatile double third;
    std::fesetround(FE_UPWARD);
    third = 1.0;
    third = third / 3;
    const bool is_upward = std::fegetround() == FE_UPWARD && third * 3 > 1.0;
    std::fesetround(FE_TONEAREST);
    if (!is_upward) std::puts("rounding changed");
    std::puts("done");
    // CHECK: {{^}}done
  });
}
