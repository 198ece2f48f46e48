// end.h: how a process ends that was checked.
//
// Output:   the last line of a run, once; the exit status.
// Not here: what was forgotten, see precision.h.
//
// Invariants
//   E1  The last line is printed when there was a finding, when anything was forgotten, or
//       when the options ask for it; otherwise the end is silent.
//   E2  With findings the status is `exitcode`, whatever main returned, unless that is 0.
#ifndef FIBERSAN_DETECTOR_PROCESS_END_H
#define FIBERSAN_DETECTOR_PROCESS_END_H

#include <cstdint>
#include <string>

namespace fibersan {

// The line of E1 with its newline.
std::string last_line(uint64_t findings, const std::string& precision);

// Prints the last line unless that was done or E1 says no.
void print_last_line();

// The registered exit function, which runs after every other one.
void process_ends();

// After a finding with halt_on_error.
[[noreturn]] void end_process_after_finding();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_END_H
