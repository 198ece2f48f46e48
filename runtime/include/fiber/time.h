// time.h: fibers that sleep. Other fibers run meanwhile.
#ifndef FIBER_TIME_H
#define FIBER_TIME_H

#include <chrono>

namespace fiber {

namespace internal {

void sleep_until(std::chrono::steady_clock::time_point deadline);

// Saturates: longer than 100 years is for ever.
template <typename Rep, typename Period>
std::chrono::steady_clock::time_point deadline_after(std::chrono::duration<Rep, Period> duration) {
  using Steady = std::chrono::steady_clock;
  constexpr std::chrono::hours kForEver(24 * 365 * 100);
  if (std::chrono::duration<double>(duration) >= std::chrono::duration<double>(kForEver))
    return Steady::time_point::max();
  return Steady::now() + std::chrono::ceil<Steady::duration>(duration);
}

}  // namespace internal

// Sleeps at least so long; zero and less yields. Outside of fibers the thread sleeps.
template <typename Rep, typename Period>
void sleep_for(std::chrono::duration<Rep, Period> duration) {
  internal::sleep_until(internal::deadline_after(duration));
}

inline void sleep_until(std::chrono::steady_clock::time_point deadline) {
  internal::sleep_until(deadline);
}

// By a clock that may be set: looks again after each sleep.
template <typename Clock, typename Duration>
void sleep_until(std::chrono::time_point<Clock, Duration> deadline) {
  for (auto now = Clock::now(); now < deadline; now = Clock::now()) sleep_for(deadline - now);
}

}  // namespace fiber

#endif  // FIBER_TIME_H
