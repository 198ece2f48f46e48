// graph_files.h: pictures of deadlocks beside the report, for the option deadlock_graph.
//
// Output:   <deadlock_graph>.<pid>.<n>.dot and .html, n from 1 on. What cannot be written is a
//           line on standard error.
// Threads:  the holder of the FindingScope.
#ifndef FIBERSAN_DETECTOR_FINDINGS_GRAPH_FILES_H
#define FIBERSAN_DETECTOR_FINDINGS_GRAPH_FILES_H

#include <string>

#include "detector/abi/hooks.h"
#include "detector/report/report.h"

namespace fibersan {

// Nothing unless the option is set and it is a deadlock. `text`: the report, without colours.
void write_graph_files(fsan_finding_kind kind, const Report& report, const std::string& text);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_GRAPH_FILES_H
