// end.h: how a process ends that was checked.
//
// Output:   the last line of a run, once; the exit status.
// Not here: what was forgotten, see precision.h; ends by signals, see deadly_signals.h.
//
// Invariants
//   E1  When the last line is printed: last_words.h.
//   E2  With findings, in this process or in those that children.h counts, or when no module is
//       instrumented, the status is `exitcode`, whatever main returned, unless that is 0.
//   E3  Nothing is printed after the last line, and a report in progress comes before it.
//   E4  A process that shares our memory but is not ours (a child of vfork) ends in silence.
#ifndef FIBERSAN_DETECTOR_PROCESS_END_H
#define FIBERSAN_DETECTOR_PROCESS_END_H

#include <string_view>

namespace fibersan {

// Waits for a report in progress (E3), then prints the last line unless that was done or E1
// says no; or ends the document that says it. `by`: how the process ends. Safe in signal handlers.
void print_last_line(std::string_view by);

// At the start, and in a forked child: whose end is meant (E4).
void note_process();
bool is_noted_process();

// The registered exit function, which runs after every other one; the same for quick_exit().
void process_ends();
void process_quick_exits();

// What _exit() is in a checked process.
[[noreturn]] void leave_process(int status);

// Before another program takes the process over: says what was found. True: it did, and if that
// program cannot be executed after_failed_exec() is to be called.
bool before_exec();
void after_failed_exec();

// After a finding with halt_on_error.
[[noreturn]] void end_process_after_finding();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_END_H
