// interrupted.h: waits that go on when only the runtime has interrupted them.
//
// Input:    a call that the kernel ends with EINTR whatever SA_RESTART says (signal(7)).
// Output:   what it would have returned if nobody had been stopped: at its time, and with EINTR
//           when a handler of the program has run.
// Cost:     a call through a pointer; the time, twice, where it must be known what is left of it.
// Threads:  any.
//
// Invariants
//   P1  A wait ends no earlier than it would have, and later by the last stop at most.
//   P2  A handler of the program that has run since the call began ends it. One that comes in the
//       few instructions between the look at that and the next system call is as one that came
//       before the call.
#ifndef FIBERSAN_DETECTOR_THREADS_INTERRUPTED_H
#define FIBERSAN_DETECTOR_THREADS_INTERRUPTED_H

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>

#include "detector/race/interruptions.h"

namespace fibersan {

// again() before each further call.
template <class Call, class Again>
auto go_on_waiting(Call call, Again again) {
  const InterruptionsSince interruptions;
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR || !interruptions.were_only_own()) return result;
    again();
  }
}
// For calls that know themselves how much time is left, or have no limit.
template <class Call>
auto go_on_waiting(Call call) {
  return go_on_waiting(call, [] {});
}

// What is left of a time that begins now. One that no call accepts is none.
class TimeLeft {
 public:
  explicit TimeLeft(std::chrono::nanoseconds time) : end_(Clock::now() + time) {}
  explicit TimeLeft(const timespec& time) : TimeLeft(duration_of(time)) {}

  std::chrono::nanoseconds duration() const {
    return std::max(std::chrono::nanoseconds(end_ - Clock::now()), std::chrono::nanoseconds(0));
  }
  timespec time() const {
    const int64_t left = duration().count();
    return {left / kSecond, left % kSecond};
  }
  int milliseconds() const {
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration()).count());
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int64_t kSecond = 1'000'000'000;
  static constexpr int64_t kMostSeconds = int64_t{1} << 32;  // more cannot be told in nanoseconds

  static std::chrono::nanoseconds duration_of(const timespec& time) {
    const int64_t seconds = std::clamp(int64_t{time.tv_sec}, int64_t{0}, kMostSeconds);
    return std::chrono::seconds(seconds) +
           std::chrono::nanoseconds(std::clamp(int64_t{time.tv_nsec}, int64_t{0}, kSecond));
  }

  Clock::time_point end_;
};

// call(time), with the caller's own value first; null: no limit.
template <class Call>
auto go_on_waiting_for(const timespec* time, Call call) {
  if (time == nullptr) return go_on_waiting([&] { return call(time); });
  const TimeLeft left(*time);
  timespec rest;
  return go_on_waiting([&] { return call(time); },
                       [&] {
                         rest = left.time();
                         time = &rest;
                       });
}

// call(milliseconds); negative: no limit.
template <class Call>
auto go_on_waiting_for(int milliseconds, Call call) {
  if (milliseconds <= 0) return go_on_waiting([&] { return call(milliseconds); });
  const TimeLeft left{std::chrono::milliseconds(milliseconds)};
  return go_on_waiting([&] { return call(milliseconds); },
                       [&] { milliseconds = left.milliseconds(); });
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_THREADS_INTERRUPTED_H
