// What the tests of migration share: many fibers that change threads.
#ifndef FIBERSAN_TESTS_MIGRATION_THREAD_H
#define FIBERSAN_TESTS_MIGRATION_THREAD_H

#include <fiber/fiber.h>

#include <cstddef>

#include "../programs/thread.h"

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
