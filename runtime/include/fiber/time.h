// time.h: sleeping, timers and tickers.
//
// Semantics: Go's package time as of Go 1.23, with steady_clock's time points as ticks.
//            A timer's channel is unbuffered (size() and capacity() are 0): at most one tick
//            waits for a receiver, a ticker drops the others. Once stop() or reset() has
//            returned, no tick of before is received.
// Threads:   any fiber, on copies of one handle too. Timers are made and reset by fibers;
//            outside of them that throws Error.
// Order:     what the fiber did that made or last reset a timer happens before its tick is
//            received, and before its callback runs. Nothing else: two timers are unordered,
//            stop() is ordered with nothing, sleeping orders nothing.
// Cost:      a timer that nobody can receive from any more, and a ticker whose last tick
//            nobody has taken, use no time; the first is freed before it is due.
//
// Invariants
//   I1  A handle is plain data of the program; copies refer to the same timer. Dropping the
//       last one neither waits nor stops anything that somebody could notice: a channel
//       somebody still has gets its ticks, a callback runs.
//   I2  What is armed when run() ends never fires, and its callback is never destroyed.
#ifndef FIBER_TIME_H
#define FIBER_TIME_H

#include <fiber/channel.h>
#include <fiber/deadline.h>
#include <chrono>
#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace fiber {

// What a tick carries: when it was sent.
using TimePoint = std::chrono::steady_clock::time_point;

namespace internal {

void sleep_until(Deadline deadline);

// A callable of the program that fibers of its own run, by reference and maybe at once.
struct CallbackType {
  std::size_t size;
  std::size_t alignment;
  void (*construct)(void* place, void* source);
  void (*call)(void* callable);
  void (*destroy)(void* callable);
};

template <class Call, class Source>
inline constexpr CallbackType kCallback = {
    sizeof(Call), alignof(Call),
    [](void* place, void* source) {
      ::new (place)
          Call(std::forward<Source>(*static_cast<std::remove_reference_t<Source>*>(source)));
    },
    [](void* callable) { static_cast<void>(std::invoke(*static_cast<Call*>(callable))); },
    [](void* callable) { static_cast<Call*>(callable)->~Call(); }};

template <class F>
void* source_of(F& function) noexcept {
  return const_cast<void*>(static_cast<const volatile void*>(std::addressof(function)));
}

class CallbackTimer;

// All throw Error outside of fibers; stop() does not.
ChannelCore* make_timer(Deadline deadline);
ChannelCore* make_ticker(std::chrono::nanoseconds period);
bool reset_timer(ChannelCore* core, Deadline deadline);
void reset_ticker(ChannelCore* core, std::chrono::nanoseconds period);
bool stop_timer(ChannelCore* core) noexcept;

CallbackTimer* make_callback_timer(Deadline deadline, const CallbackType& type, void* source);
void retain(CallbackTimer* timer) noexcept;
void release(CallbackTimer* timer) noexcept;
bool reset_timer(CallbackTimer* timer, Deadline deadline);
bool stop_timer(CallbackTimer* timer) noexcept;

// Longer than 100 years is as good as for ever. Zero and less are left to be refused.
template <class Rep, class Period>
std::chrono::nanoseconds period_of(const std::chrono::duration<Rep, Period>& duration) {
  using Seconds = std::chrono::duration<double>;
  if (Seconds(duration) >= Seconds(kForEver)) return kForEver;
  if (duration <= duration.zero()) return std::chrono::nanoseconds::zero();
  return std::chrono::ceil<std::chrono::nanoseconds>(duration);
}

class CallbackHandle {
 public:
  CallbackHandle() noexcept = default;
  explicit CallbackHandle(CallbackTimer* timer) noexcept : timer_(timer) {}
  CallbackHandle(const CallbackHandle& other) noexcept : timer_(other.timer_) { retain(timer_); }
  CallbackHandle(CallbackHandle&& other) noexcept : timer_(std::exchange(other.timer_, nullptr)) {}
  CallbackHandle& operator=(CallbackHandle other) noexcept {
    std::swap(timer_, other.timer_);
    return *this;
  }
  ~CallbackHandle() { release(timer_); }
  CallbackTimer* get() const noexcept { return timer_; }

 private:
  CallbackTimer* timer_ = nullptr;
};

}  // namespace internal

// Sleeps at least so long; zero and less yields. Outside of fibers the thread sleeps.
template <class Rep, class Period>
void sleep_for(const std::chrono::duration<Rep, Period>& duration) {
  internal::sleep_until(internal::deadline_after(duration));
}

inline void sleep_until(TimePoint deadline) { internal::sleep_until(deadline); }

// By a clock that may be set: looks again after each sleep.
template <class Clock, class Duration>
void sleep_until(const std::chrono::time_point<Clock, Duration>& deadline) {
  for (auto now = Clock::now(); now < deadline; now = Clock::now()) sleep_for(deadline - now);
}

// One tick, or one call, at a time to come: Go's Timer.
class Timer {
 public:
  // Empty: the channel is nil, stop() returns false, reset() throws Error.
  Timer() noexcept = default;
  // Sends one tick after so long; at once when it is zero or less.
  template <class Rep, class Period>
  explicit Timer(const std::chrono::duration<Rep, Period>& duration)
      : channel_(adopt(internal::make_timer(internal::deadline_after(duration)))) {}

  // Nil for a timer of after_func().
  ReceiveChannel<TimePoint> channel() const { return channel_; }

  // True when it prevented the tick from being received, or the call from being started.
  // Does not wait for a call that runs.
  bool stop() const noexcept {
    return callback_.get() != nullptr ? internal::stop_timer(callback_.get())
                                      : internal::stop_timer(core());
  }

  // As a new timer of so long. True when it had been active: as stop() would have returned.
  template <class Rep, class Period>
  bool reset(const std::chrono::duration<Rep, Period>& duration) const {
    const TimePoint deadline = internal::deadline_after(duration);
    return callback_.get() != nullptr ? internal::reset_timer(callback_.get(), deadline)
                                      : internal::reset_timer(core(), deadline);
  }

  // False for the empty one.
  explicit operator bool() const noexcept { return channel_ || callback_.get() != nullptr; }

 private:
  template <class Rep, class Period, class F>
  friend Timer after_func(const std::chrono::duration<Rep, Period>& duration, F&& function);

  static ReceiveChannel<TimePoint> adopt(internal::ChannelCore* core) noexcept {
    return internal::ChannelAccess::adopt<ReceiveChannel<TimePoint>>(core);
  }
  internal::ChannelCore* core() const noexcept { return internal::ChannelAccess::core(channel_); }

  ReceiveChannel<TimePoint> channel_;
  internal::CallbackHandle callback_;
};

// A tick each period, counted from when it was made or reset: Go's Ticker.
class Ticker {
 public:
  // Empty: the channel is nil, stop() does nothing, reset() throws Error.
  Ticker() noexcept = default;
  // Throws Error when the period is not positive.
  template <class Rep, class Period>
  explicit Ticker(const std::chrono::duration<Rep, Period>& period)
      : channel_(internal::ChannelAccess::adopt<ReceiveChannel<TimePoint>>(
            internal::make_ticker(internal::period_of(period)))) {}

  ReceiveChannel<TimePoint> channel() const { return channel_; }

  // No more ticks. Does not close the channel, so that nobody takes that for a tick.
  void stop() const noexcept {
    static_cast<void>(internal::stop_timer(internal::ChannelAccess::core(channel_)));
  }

  // The next tick comes after one new period.
  template <class Rep, class Period>
  void reset(const std::chrono::duration<Rep, Period>& period) const {
    internal::reset_ticker(internal::ChannelAccess::core(channel_), internal::period_of(period));
  }

  explicit operator bool() const noexcept { return static_cast<bool>(channel_); }

 private:
  ReceiveChannel<TimePoint> channel_;
};

// The channel of a new Timer.
template <class Rep, class Period>
ReceiveChannel<TimePoint> after(const std::chrono::duration<Rep, Period>& duration) {
  return Timer(duration).channel();
}

// Calls function() in a fiber of its own after so long; it may block. With reset() it is
// called again, even while an earlier call runs. An exception that leaves it ends the program.
template <class Rep, class Period, class F>
Timer after_func(const std::chrono::duration<Rep, Period>& duration, F&& function) {
  using Call = std::decay_t<F>;
  static_assert(std::is_invocable_v<Call&>, "after_func calls its function without arguments");
  Timer timer;
  timer.callback_ = internal::CallbackHandle(
      internal::make_callback_timer(internal::deadline_after(duration),
                                    internal::kCallback<Call, F&&>, internal::source_of(function)));
  return timer;
}

}  // namespace fiber

#endif  // FIBER_TIME_H
