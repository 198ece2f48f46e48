// The smallest racy program, shared by the tests of this folder.
#ifndef FIBERSAN_TESTS_USAGE_RACY_H
#define FIBERSAN_TESTS_USAGE_RACY_H

#include <fiber/fiber.h>

#include <cstdio>

inline int counter = 0;

// Two fibers write `counter` with nothing between them: one data race in every run.
inline int run_racy_program() {
  std::puts("main runs");
  std::fflush(stdout);
  return fiber::run([] {
    fiber::WaitGroup writers;
    for (int i = 0; i < 2; ++i) writers.go([] { counter += 1; });
    writers.wait();
  });
}

#endif  // FIBERSAN_TESTS_USAGE_RACY_H
