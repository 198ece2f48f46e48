// The truth about the calling thread, and an end that says what was not true.
#ifndef FIBERSAN_TESTS_PROGRAMS_THREAD_H
#define FIBERSAN_TESTS_PROGRAMS_THREAD_H

#include <cstdio>
#include <cstdlib>

// The thread pointer, read where this stands.
inline char* this_thread() {
  char* pointer;
  asm volatile("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

#endif  // FIBERSAN_TESTS_PROGRAMS_THREAD_H
