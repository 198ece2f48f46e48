// report_lock.h: one report at a time, and an end that waits for it.
//
// Cost:     two system calls that keep signals away from the holder, besides the lock.
// Threads:  any. Rank: above every other lock of the detector; taken with none held.
//
// Invariants
//   L1  No signal handler runs on the thread that holds it, unless its own fault brought it
//       there or it let them in: a handler that ends the process never interrupts the report it
//       waits for.
//   L2  Whoever asks for it by lock_for() gets an answer in bounded time.
#ifndef FIBERSAN_DETECTOR_FINDINGS_REPORT_LOCK_H
#define FIBERSAN_DETECTOR_FINDINGS_REPORT_LOCK_H

namespace fibersan {

void lock_reports();
void unlock_reports();

// False when another thread still has it after so many milliseconds. Safe in signal handlers.
bool lock_reports_for(int milliseconds);

// The holder's signals are as they were before: another program takes the process over.
void let_signals_in();

bool reports_locked_by_this_thread();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_REPORT_LOCK_H
