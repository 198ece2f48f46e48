// ticks.h: a timer that sends: what stands behind the channel of a Timer or Ticker.
//
// Input:    make() and reset() from fibers, stop() from anywhere; the heap's callback.
// Output:   ticks in an unbuffered channel. A tick that nobody has taken yet is a sender that
//           waits there, though nobody is parked: receive, select and try_receive know no
//           difference.
// State:    belongs to the channel and ends with it; guarded by the channel's lock.
// Threads:  any.
//
// Invariants
//   T1  At most one tick waits. While one does, the timer is in no heap: a ticker goes on
//       when it has been received. So a timer that nobody listens to costs nothing, and
//       keeps no deadlock from being found.
//   T2  A callback that comes too late, after stop() or reset(), finds the deadline in the
//       future or the timer inactive, and sends nothing.
//   T3  Ticks of a ticker are due at whole periods from when it was made or reset; a late one
//       shifts none of the others.
#ifndef FIBERSAN_RUNTIME_TIME_TICKS_H
#define FIBERSAN_RUNTIME_TIME_TICKS_H

#include "fiber/deadline.h"
#include "runtime/channel/core.h"
#include "runtime/time/armed_sync.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Ticks : private Timer, private ChannelWaiter {
 public:
  // A new channel whose ticks come from a new timer; `period` is zero for a single one.
  static ChannelCore* make(Deadline deadline, Clock::duration period);
  // By the channel's last owner.
  static void destroy(Ticks* ticks);

  // Both return whether there was a tick to come, or one that nobody had received.
  bool stop();
  bool reset(Deadline deadline, Clock::duration period);

 private:
  explicit Ticks(ChannelCore& core);
  static void fired(Timer* timer);
  static void tick_taken(ChannelWaiter& tick);
  bool withdraw() FIBER_REQUIRES(core_.lock_);
  void start(Deadline deadline, Clock::duration period) FIBER_REQUIRES(core_.lock_);
  void go_on(Clock::time_point now) FIBER_REQUIRES(core_.lock_);

  ChannelCore& core_;
  Clock::time_point sent_{};      // what the tick carries
  Clock::time_point deadline_{};  // of the next tick
  Clock::duration period_{};
  ArmedSync* armed_ = nullptr;
  bool active_ = false;  // more ticks are to come
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIME_TICKS_H
