// in_c.c: what C has that C++ lacks or spells otherwise. Each function touches what it is
// given once and computes something that constructs.cpp can check.
#include <alloca.h>
#include <complex.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>

struct wide {
  long a, b, c;
};
static _Atomic struct wide atomic_wide;
static _Atomic struct pair {
  long a, b;
} atomic_pair;
static _Thread_local int of_thread;
static atomic_long counter;
static long sync_counter;

int c_variable_length_array(int n, const int* shared) {
  int array[n];
  for (int i = 0; i < n; ++i) array[i] = i;
  return array[n - 1] + *shared;
}

int c_alloca(int n, int* shared) {
  char* text = alloca(n);
  memset(text, 1, n);
  *shared += text[n - 1];
  return text[0];
}

static __attribute__((noinline)) void jump(jmp_buf where, int value) { longjmp(where, value); }

int c_setjmp(int* shared) {
  jmp_buf where;
  volatile int passes = 0;
  int value = setjmp(where);
  ++passes;
  if (value < 3) jump(where, value + 1);
  *shared += 1;
  return passes;
}

int c_flexible_array(int* shared) {
  struct {
    int count;
    int values[];
  }* with_tail = (void*)shared;
  return with_tail->values[with_tail->count];
}

int c_complex(double _Complex* shared) {
  *shared *= I;
  return (int)creal(*shared * *shared);
}

int c_thread_local(void) { return of_thread * 0; }

// None of these races, with whatever order.
long c_atomics(void) {
  struct wide wide = atomic_load(&atomic_wide), next;
  do next = (struct wide){wide.a + 1, wide.b + 1, wide.c + 1};
  while (!atomic_compare_exchange_weak(&atomic_wide, &wide, next));
  struct pair pair = atomic_exchange(&atomic_pair, ((struct pair){next.a, next.a}));
  long old = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
  __sync_fetch_and_add(&sync_counter, 1);
  long seen = 0;
  while (!__sync_bool_compare_and_swap(&sync_counter, seen, seen + 1))
    seen = __atomic_load_n(&sync_counter, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  __sync_synchronize();
  return (next.a - next.c) + (pair.a - pair.b) + (old < 0) +
         (__atomic_load_n(&sync_counter, 5) <= 0);
}
