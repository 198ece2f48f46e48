// quit_signal.h: SIGQUIT (Ctrl-\) shows all fibers and ends the process, as in Go.
//
// Output:   the dump on standard error, then exit status 2; with FIBER_OPTIONS=quit_dump=continue
//           the program goes on.
// Threads:  the handler any; it only wakes the monitor, which writes the dump.
//
// Invariants
//   I1  A handler of the program's own, or SIG_IGN, stays. After the run the signal is as it
//       was before.
#ifndef FIBERSAN_RUNTIME_OBSERVE_QUIT_SIGNAL_H
#define FIBERSAN_RUNTIME_OBSERVE_QUIT_SIGNAL_H

namespace fiber::internal {

// For the time of a run.
class QuitSignal {
 public:
  QuitSignal();
  ~QuitSignal();
  QuitSignal(const QuitSignal&) = delete;
  QuitSignal& operator=(const QuitSignal&) = delete;

 private:
  bool installed_;
};

// In the child of a fork(), where no monitor is: the signal is as it was before the run.
void restore_quit_signal();

// By the monitor: writes the dump if the signal has come.
void dump_after_quit_signal(bool then_exit);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_QUIT_SIGNAL_H
