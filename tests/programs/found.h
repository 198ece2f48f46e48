// found.h: deadlock::check() until it has found so many fibers. An old pointer in the frame of
// something that just ran may hide one for a moment, and on a busy machine it may not wait yet.
#ifndef FIBERSAN_TESTS_PROGRAMS_FOUND_H
#define FIBERSAN_TESTS_PROGRAMS_FOUND_H

#include <fiber/fiber.h>

#include <chrono>
#include <cstddef>
#include <cstdio>

// What earlier calls left where the frames of check() will be.
[[gnu::noinline]] inline void overwrite_old_frames() {
  volatile char frame[8192];
  for (volatile char& byte : frame) byte = 0;
}

inline std::size_t found(std::size_t wanted) {
  constexpr std::chrono::seconds kPatience(5);
  // Who has said that it waits may be on its way to sleep still, and would be found by the next
  // check, in a report of its own.
  fiber::sleep_for(std::chrono::milliseconds(200));
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    overwrite_old_frames();
    const std::size_t so_far = fiber::deadlock::check();
    if (so_far >= wanted || std::chrono::steady_clock::now() >= limit) return so_far;
    fiber::sleep_for(std::chrono::milliseconds(1));
  }
}

// Before the detector's last line.
inline void print_found(std::size_t wanted) {
  std::printf("found %zu\n", found(wanted));
  std::fflush(stdout);
}

#endif  // FIBERSAN_TESTS_PROGRAMS_FOUND_H
