// stop_signal.h: the signal by which a thread is interrupted to be looked at.
//
// Output:   a signal whose handler is the caller's for as long as the object lives: SIGURG, as
//           Go's preemption, unless the program handles it; then a real-time signal.
// Threads:  one object at a time; the others wait (also RunningStacks).
//
// Invariants
//   I1  What comes late kills nobody: SIGURG is ignored by default, and a real-time signal keeps
//       the handler for good.
#ifndef FIBERSAN_RUNTIME_WORLD_STOP_SIGNAL_H
#define FIBERSAN_RUNTIME_WORLD_STOP_SIGNAL_H

#include <csignal>

namespace fiber::internal {

class StopSignal {
 public:
  using Handler = void (*)(int number, siginfo_t* info, void* context);

  explicit StopSignal(Handler handler);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Taken unless the program handles it.
  static constexpr int kUsual = SIGURG;

  // 0: the program handles them all.
  int number() const { return number_; }

 private:
  bool take(int number, Handler handler);

  int number_ = 0;
  struct sigaction previous_ = {};
};

// A run's threads have the mask of its caller, which may have blocked all signals, for a thread of
// its own that waits for them. While the value lives, the calling thread lets the usual one in.
class HearsStops {
 public:
  HearsStops();
  ~HearsStops();
  HearsStops(const HearsStops&) = delete;
  HearsStops& operator=(const HearsStops&) = delete;

 private:
  bool was_blocked_ = false;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_STOP_SIGNAL_H
