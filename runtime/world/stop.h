// stop.h: every thread of the process stands still, but the caller's.
//
// Input:    stop(), go_on().
// Output:   for each other thread where it was stopped, and its registers.
// Cost:     a signal for each thread: 5 to 50 us each, several at once; two lists of threads.
//           Given up after the patience when a thread does not answer: nobody waits for ever.
// Threads:  one caller at a time (deadlock_check.cpp). Between stop() and go_on() it takes no
//           lock that another thread may hold, so it calls no malloc() either.
// Not here: what is then looked at, see picture.h.
//
// Each thread is sent a signal, whose handler notes what there is to note and sleeps until
// go_on(). Threads that have been created meanwhile are found by listing again, until everybody
// in a list stands still: who stands still creates none. System calls that sleep go on
// (SA_RESTART); those that the kernel never restarts (signal(7)) are called again by who stands in
// front of the C library, who is told by the hook thread_interrupted.
// Rejected: waiting at polls (library code has none, foreign threads neither); ptrace by a
// child (often forbidden, and seen by debuggers); a stop of what sleeps in the kernel by looking at
// /proc alone (its registers are unknown, and nothing keeps it from waking up).
//
// Invariants
//   I1  A slot belongs to the caller until its state is kAsked, then to the thread's handler from
//       kAnswering on, and again to the caller from kAnswered on. The state carries the number
//       of the stop: a late handler finds another one and touches nothing.
//   I2  The monitor, which takes no signals, does not move: it looks only under a mutex that the
//       caller has (Monitor::hold()).
//   I3  Inside of the detector's own state signals wait (detector/clock/signal_delay.h), so who
//       stands still holds none of its locks.
#ifndef FIBERSAN_RUNTIME_WORLD_STOP_H
#define FIBERSAN_RUNTIME_WORLD_STOP_H

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"
#include "runtime/timers.h"

namespace fiber::internal {

class Worker;

struct StoppedThread {
  std::atomic<uint64_t> state{0};  // the stop's number, and an Answer
  int id = 0;
  uint32_t locks_held = 0;         // of the runtime
  const Worker* worker = nullptr;  // null: of a thread that runs no fibers
  const void* thread_pointer = nullptr;
  const void* stack_pointer = nullptr;
  const void* pc = nullptr;
  const void* frame = nullptr;
  fsan_range registers{};
};

enum class Patience : bool { kShort, kLong };

class Stop {
 public:
  // How long a thread may take that has blocked the signal or sleeps undisturbed; one that is just
  // not given a CPU has longer, when it matters.
  static constexpr Clock::duration kPatience = std::chrono::milliseconds(50);
  static constexpr Clock::duration kLongPatience = std::chrono::milliseconds(1000);

  // False: somebody did not answer, and everybody goes on.
  [[nodiscard]] bool stop(int signal, Patience patience);
  void go_on();

  // While they stand still.
  size_t thread_count() const { return count_; }
  const StoppedThread& thread(size_t index) const;
  // False: it has ended.
  bool stands_still(size_t index) const;
  int own_id() const { return own_id_; }
  static const void* own_thread_pointer();

  static void on_signal(int number, siginfo_t* info, void* context);

 private:
  bool ask_others();
  void ask(int thread);
  bool await_answers(Clock::time_point now);
  bool look_for_silent(Clock::time_point now);
  void withdraw();
  bool send(const StoppedThread& slot, size_t index) const;

  size_t count_ = 0;     // slots in use
  size_t answered_ = 0;  // the first ones have answered, or are gone
  int signal_ = 0;
  int own_id_ = 0;
  int monitor_id_ = 0;
  bool out_of_memory_ = false;
  Patience patience_ = Patience::kShort;
  Clock::time_point begun_{};
  Clock::time_point sent_again_{};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_STOP_H
