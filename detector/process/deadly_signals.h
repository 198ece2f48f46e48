// deadly_signals.h: what the detector does before a signal ends the process.
//
// Output:   a report in progress is finished and the last line printed; then the signal
//           does what it would have done, with its own status and core file.
// Errors:   none; a report that does not end in a while is given up.
// Not here: stacks that overflow, see runtime/overflow.cpp, whose handler comes first; how a
//           handler comes to be called, see signals.h.
#ifndef FIBERSAN_DETECTOR_PROCESS_DEADLY_SIGNALS_H
#define FIBERSAN_DETECTOR_PROCESS_DEADLY_SIGNALS_H

namespace fibersan {

// Once, at start-up.
void handle_deadly_signals();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_DEADLY_SIGNALS_H
