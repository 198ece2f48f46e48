// coarse_clock.h: about what time it is, for less than a nanosecond.
//
// Input:    advance_coarse_clock() from the monitor at each look, and from a worker that was
//           asleep, before it runs a fiber.
// Output:   steady time, late by at most the monitor's pause: 10 ms while anything runs.
// Cost:     a load from a line that changes a hundred to some thousand times a second. A real
//           clock costs 11 (time stamp counter) to 30 ns, which is a third of a switch.
// Threads:  any.
#ifndef FIBERSAN_RUNTIME_OBSERVE_COARSE_CLOCK_H
#define FIBERSAN_RUNTIME_OBSERVE_COARSE_CLOCK_H

#include <atomic>
#include <chrono>
#include <cstdint>

namespace fiber::internal {

struct alignas(64) CoarseClock {
  std::atomic<int64_t> nanoseconds{0};
};
extern CoarseClock coarse_clock;

// Relaxed: a number by itself. Two threads may set it back by the time between their looks.
inline int64_t coarse_now() { return coarse_clock.nanoseconds.load(std::memory_order_relaxed); }
inline void advance_coarse_clock(std::chrono::steady_clock::time_point now) {
  coarse_clock.nanoseconds.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_COARSE_CLOCK_H
