// output.h: where reports go: standard error, standard output, or <log_path>.<pid>.
//
// Errors:   a log file that cannot be opened is one line on standard error, and standard
//           error takes its place.
// Threads:  one caller at a time (the findings lock).
#ifndef FIBERSAN_DETECTOR_PROCESS_OUTPUT_H
#define FIBERSAN_DETECTOR_PROCESS_OUTPUT_H

#include <string_view>

namespace fibersan {

// Writes the whole text with as few system calls as the kernel allows. Waits a while for a
// full pipe that does not block. Safe in signal handlers.
void write_report_text(std::string_view text);

// Whether headings are coloured: option `color`, or a terminal behind the output.
bool output_is_coloured();

// In a forked child: reports go to the child's own log file.
void reopen_output();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_OUTPUT_H
