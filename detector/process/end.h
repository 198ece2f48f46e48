// end.h: how a process ends that was checked.
//
// Output:   the last line of a run, once; the exit status.
// Not here: what was forgotten, see precision.h; ends by signals, see deadly_signals.h.
//
// Invariants
//   E1  The last line is printed when there was a finding, when anything was forgotten, or
//       when the options ask for it; otherwise the end is silent.
//   E2  With findings the status is `exitcode`, whatever main returned, unless that is 0.
//   E3  Nothing is printed after the last line, and a report in progress comes before it.
//   E4  A process that shares our memory but is not ours (a child of vfork) ends in silence.
#ifndef FIBERSAN_DETECTOR_PROCESS_END_H
#define FIBERSAN_DETECTOR_PROCESS_END_H

#include <cstdint>
#include <string_view>

#include "detector/process/fixed_text.h"

namespace fibersan {

// The line of E1 with its newline.
FixedText last_line(uint64_t findings, std::string_view precision);

// Waits for a report in progress (E3), then prints the last line unless that was done or E1
// says no. Safe in signal handlers.
void print_last_line();

// At the start, and in a forked child: whose end is meant (E4).
void note_process();
bool is_noted_process();

// The registered exit function, which runs after every other one; the same for quick_exit().
void process_ends();
void process_ends_quickly();

// What _exit() is in a checked process.
[[noreturn]] void leave_process(int status);

// After a finding with halt_on_error.
[[noreturn]] void end_process_after_finding();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_END_H
