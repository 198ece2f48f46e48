// What the tests of migration share: many fibers that change threads.
#ifndef FIBERSAN_TESTS_MIGRATION_THREAD_H
#define FIBERSAN_TESTS_MIGRATION_THREAD_H

#include <fiber/fiber.h>

#include <cstddef>

#include "../programs/thread.h"

// Runs `body(number)` in so many fibers at once, then `look()`: the threads that they ran on, and
// so their thread_locals, are there until the run ends.
template <typename Body, typename Look>
int in_fibers(int count, Body body, Look look) {
  return fiber::run([&] {
    fiber::WaitGroup all;
    for (int i = 0; i < count; ++i) all.go([&body, i] { body(i); });
    all.wait();
    look();
  });
}

template <typename Body>
int in_fibers(int count, Body body) {
  return in_fibers(count, body, [] {});
}

#endif  // FIBERSAN_TESTS_MIGRATION_THREAD_H
