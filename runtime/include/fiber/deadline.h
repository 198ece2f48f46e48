// deadline.h: how durations and time points become the deadlines of the library.
//
// Not here: sleeping and timers, see time.h.
#ifndef FIBER_DEADLINE_H
#define FIBER_DEADLINE_H

#include <chrono>

namespace fiber::internal {

using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();
inline constexpr Deadline kNoWait = Deadline::min();  // an operation that does not wait

inline constexpr std::chrono::hours kForEver(24 * 365 * 100);

// Saturates: longer than 100 years is for ever, and what is over is over.
template <class Rep, class Period>
Deadline deadline_after(const std::chrono::duration<Rep, Period>& duration) {
  using Seconds = std::chrono::duration<double>;
  if (Seconds(duration) >= Seconds(kForEver)) return kNoDeadline;
  const Deadline now = Deadline::clock::now();
  if (duration <= duration.zero()) return now;
  return now + std::chrono::ceil<Deadline::duration>(duration);
}

inline Deadline deadline_at(const Deadline& time) { return time; }

// By a clock that may be set: what it shows now decides.
template <class Clock, class Duration>
Deadline deadline_at(const std::chrono::time_point<Clock, Duration>& time) {
  return deadline_after(time - Clock::now());
}

}  // namespace fiber::internal

#endif  // FIBER_DEADLINE_H
