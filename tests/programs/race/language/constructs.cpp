// Rarely used parts of the languages. Alone they compute what they should, in fibers on all
// processors under frequent preemption, and no report comes; where two fibers do them without
// order, each is reported once.
//
// DEFINE: %{c} = %S/Inputs/in_c.c
// DEFINE: %{silent} = env FIBER_OPTIONS=preempt_ms=1 %run
// DEFINE: %{check} = FileCheck %s
// RUN: %fibersan_c -O3 -mcx16 -fPIC -c %{c} -o %t.3.o
// RUN: %fibersan -O3 -mcx16 -fPIC -fno-plt -fcf-protection -fstack-protector-all -fuse-ld=lld -ffunction-sections -fdata-sections -Wl,--gc-sections,--icf=all %s %t.3.o -o %t.3
// RUN: %{silent} %t.3 ordered 2>&1 | %{check} --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t.3 2>&1 | %{check}
// RUN: %fibersan_c -flto=thin -c %{c} -o %t.lto.o && %fibersan -flto=thin -fuse-ld=lld %s %t.lto.o -o %t.lto
// RUN: %{silent} %t.lto ordered 2>&1 | %{check} --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t.lto 2>&1 | %{check}
#include <fiber/fiber.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <string>

#include "../../turn.h"

extern "C" {
int c_variable_length_array(int n, const int* shared);
int c_alloca(int n, int* shared);
int c_setjmp(int* shared);
int c_flexible_array(int* shared);
int c_complex(void* shared);
int c_thread_local(void);
long c_atomics(void);
}

#define EXPECT(condition)                                                                          \
  do {                                                                                             \
    if (!(condition))                                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition), std::abort(); \
  } while (false)

int goto_sum;

namespace {

// Global constructors with priorities run before the detector knows any fiber.
struct Early {
  explicit Early(int value) : value(value) {}
  int value;
};
__attribute__((init_priority(101))) Early first(1);
__attribute__((init_priority(2000))) Early second(first.value + 1);
__attribute__((constructor(3000))) void constructor() { first.value += second.value; }

struct BitFields {
  unsigned a : 3, b : 13, c : 16;
} bit_fields;
void use_bit_fields() {
  bit_fields.b = 77;
  EXPECT(bit_fields.b == 77);
}

struct __attribute__((packed)) Packed {
  char tag;
  long value;
  short tail;
} packed;
void use_packed() { packed.value += 3; }

volatile int device;
void use_volatile() { device = 5; }

__int128 big;
void use_int128() { big = big * 3 + 1; }

_BitInt(200) very_big;
void use_bit_int() { very_big += 1; }

long double extended;
void use_long_double() { extended += 1; }

__attribute__((noinline)) int computed_goto(const unsigned char* program) {
  static const void* const kLabels[] = {&&add, &&twice, &&store, &&end};
  int n = 0;
  goto* kLabels[*program++];
add:
  ++n;
  goto* kLabels[*program++];
twice:
  n *= 2;
  goto* kLabels[*program++];
store:
  goto_sum = n;
  goto* kLabels[*program++];
end:
  return n;
}
void use_computed_goto() {
  const unsigned char program[] = {0, 0, 1, 0, 2, 3};
  EXPECT(computed_goto(program) == 5);
}

int switched;
#define CASE(n) \
  case n:       \
    return (n) * 7 % 31;
#define CASES(n) \
  CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3) CASE(n + 4) CASE(n + 5) CASE(n + 6) CASE(n + 7)
#define MANY(n) \
  CASES(n) CASES(n + 8) CASES(n + 16) CASES(n + 24) CASES(n + 32) CASES(n + 40) CASES(n + 48)
__attribute__((noinline)) int huge_switch(int n) {
  switch (n) { MANY(0) MANY(100) MANY(200) MANY(300) MANY(1000) default : return switched; }
}
void use_switch() {
  EXPECT(huge_switch(103) == 103 * 7 % 31);
  switched = huge_switch(-1) + 1;
}

// Assembly is left as it is; what it is given around it is checked.
int assembled;
__attribute__((noinline)) bool assembly_goto(int n) {
  asm goto("testl %0, %0\n jz %l[zero]" : : "r"(n) : "cc" : zero);
  return false;
zero:
  return true;
}
void use_assembly() {
  int sum;
  asm("leal 2(%1), %0" : "=r"(sum) : "r"(assembled));
  asm volatile("lock orl $0, (%%rsp)" ::: "memory", "cc");
  assembled = sum;
  EXPECT(assembly_goto(0) && !assembly_goto(3));
}

extern "C" __attribute__((naked, used)) int naked_sum(int, int) {
  asm("leal (%rdi,%rsi), %eax\n ret");
}
__attribute__((interrupt, used, target("general-regs-only"))) void on_interrupt(void* frame) {
  asm volatile("" ::"r"(frame));
}

int resolved;
extern "C" int with_seven(int n) {
  resolved += n;
  return n + 7;
}
extern "C" int (*resolve())(int) { return with_seven; }
extern "C" __attribute__((ifunc("resolve"))) int chosen(int);
__attribute__((target_clones("avx2", "default"))) int cloned(const int* values, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i];
  return sum;
}
void use_ifunc() { EXPECT(chosen(1) == 8); }
int summed[64];
void use_target_clones() {
  EXPECT(cloned(summed, 64) >= 0);
  summed[9] = 1;
}

// An exception through frames that hold a lock, a variable array and a string.
int unwound;
__attribute__((noinline)) int throws(int depth) {
  std::string name(40 + depth, 'x');
  int array[depth + 1];
  for (int& n : array) n = depth;
  if (depth == 0) throw static_cast<int>(name.size());
  return throws(depth - 1) + array[depth];
}
void use_exceptions() {
  try {
    throws(8);
  } catch (int size) {
    EXPECT(size == 40);
    ++unwound;
  }
  try {
    throws(2);
  } catch (...) {
    ++unwound;
  }
}

__attribute__((preserve_most, noinline)) int preserve_most(int* n) { return ++*n; }
__attribute__((regcall, noinline)) int regcall(int* n, int a, int b) { return *n += a * b; }
int called;
void use_conventions() { EXPECT(preserve_most(&called) != regcall(&called, 2, 3)); }

int in_c[8];
double in_complex[2] = {1, 0};
void use_c() {
  EXPECT(c_variable_length_array(10, in_c) == 9);
  EXPECT(c_alloca(5000, &in_c[1]) == 1);
  EXPECT(c_setjmp(&in_c[2]) == 4);
  EXPECT(c_flexible_array(&in_c[4]) == 0);
  EXPECT(c_complex(in_complex) == -1 || in_complex[0] != 0);
  EXPECT(c_thread_local() == 0);
}

void use_without_race() {
  EXPECT(c_atomics() == 0);
  EXPECT(naked_sum(3, 4) == 7);
  EXPECT(first.value == 3 && second.value == 2);
}

constexpr void (*kUses[])() = {
    use_bit_fields,    use_packed,        use_volatile,    use_int128,   use_bit_int,
    use_long_double,   use_computed_goto, use_switch,      use_assembly, use_ifunc,
    use_target_clones, use_exceptions,    use_conventions, use_c};

void ordered() {
  fiber::Mutex mutex;
  fiber::WaitGroup all;
  for (int i = 0; i < 8; ++i)
    all.go([&] {
      for (int round = 0; round < 200; ++round) {
        use_without_race();
        std::scoped_lock lock(mutex);
        for (auto* use : kUses) use();
      }
    });
  all.wait();
}

void unordered() {
  Turn turn;
  fiber::WaitGroup both;
  const auto all = [] {
    use_without_race();
    for (auto* use : kUses) use();
  };
  both.go([&] { all(), turn.done(); });
  both.go([&] { turn.after(1), all(); });
  both.wait();
}

}  // namespace

int main(int count, char**) {
  int status = fiber::run([&] { count > 1 ? ordered() : unordered(); });
  std::puts("done");
  return status;
}
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_bit_fields
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_packed
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_volatile
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_int128
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_bit_int
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_long_double
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}computed_goto
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}huge_switch
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_switch
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_assembly
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}with_seven
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}cloned
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_target_clones
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}use_exceptions
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}preserve_most
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}c_alloca
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}c_setjmp
// CHECK-DAG: SUMMARY: FiberSan: data race {{.*}} in {{.*}}c_complex
// CHECK: done
// SILENT: done
