// What the tests of migration share: the truth about the calling thread, and many fibers
// that change threads.
#ifndef FIBERSAN_TESTS_MIGRATION_THREAD_H
#define FIBERSAN_TESTS_MIGRATION_THREAD_H

#include <fiber/fiber.h>

#include <cstddef>
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

// Runs `body(number)` in so many fibers at once.
template <typename Body>
int in_fibers(int count, Body body) {
  return fiber::run([&] {
    fiber::WaitGroup all;
    for (int i = 0; i < count; ++i) all.go([&body, i] { body(i); });
    all.wait();
  });
}

#endif  // FIBERSAN_TESTS_MIGRATION_THREAD_H
