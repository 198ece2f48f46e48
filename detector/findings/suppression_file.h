// suppression_file.h: the file of the option `suppressions`, and what is built into the program.
//
// Input:    once, at the start of the process.
// Errors:   a file that cannot be read, or a bad line, is one line on standard error and ends the
//           process with status 1, as other unusable options do.
// Threads:  load at the start; the others under the findings lock.
#ifndef FIBERSAN_DETECTOR_FINDINGS_SUPPRESSION_FILE_H
#define FIBERSAN_DETECTOR_FINDINGS_SUPPRESSION_FILE_H

#include <span>

#include "detector/report/document.h"
#include "detector/report/report.h"

namespace fibersan {

// `own`: the lines that are built into the program; null: none.
void load_suppressions(const char* own);

// Counts it.
bool is_suppressed(const Report& report);

// All lines, with how often they matched.
std::span<const Document::Suppression> suppression_lines();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_SUPPRESSION_FILE_H
