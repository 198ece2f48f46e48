// signals.h: the handler that every signal comes to first; sigaction() and signal() tell the
// program of its own only.
//
// Output:   the program's handler is called as the kernel would have, once the thread is not
//           inside the detector's own state (clock/signal_delay.h).
// Errors:   none; where the kernel cannot keep the signal its handler is called at once.
// Threads:  any. Nothing here takes a lock: sigaction() may be called in handlers.
//
// Invariants
//   S1  The detector's handler of deadly signals stands only where the program has none: it
//       takes the place of SIG_DFL, and the program is told SIG_DFL.
//   S2  An instruction that faults is handled at once: it would only fault again.
//   S3  A one-shot handler is reset here, or the kernel would do it behind our back.
//   S4  What a handler does is the program's, in a wait of ours for the C library too
//       (pthread_join): its accesses are seen there, and so must be what orders them.
#ifndef FIBERSAN_DETECTOR_PROCESS_SIGNALS_H
#define FIBERSAN_DETECTOR_PROCESS_SIGNALS_H

#include <signal.h>

namespace fibersan {

using SignalHandler = void (*)(int number, siginfo_t* info, void* context);

// Once, at start-up, for each such signal that has no handler.
void handle_in_place_of_default(int number, SignalHandler handler);

// It comes again when its handler returns.
bool is_fault(int number, const siginfo_t& info);

// What SIG_DFL does, ours too left out.
void set_system_default(int number);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_SIGNALS_H
