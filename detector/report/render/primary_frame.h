// primary_frame.h: the one line of source that a finding is shown at.
//
// Output:   the summary's frame if its file is in the repository; else the innermost frame of a
// side
//           of the finding that is; else the summary's: elsewhere there is nothing to annotate.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_PRIMARY_FRAME_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_PRIMARY_FRAME_H

#include <string>

#include "detector/report/render/headline.h"
#include "detector/report/render/source_files.h"
#include "detector/report/report.h"

namespace fibersan {

inline bool is_in_root(const SourceFrame& frame, const std::string& directory,
                       SourceFiles& sources) {
  return !frame.file.empty() && sources.file(frame.file, directory).in_root;
}

inline const SourceFrame& primary_frame(const Report& report, const std::string& directory,
                                        SourceFiles& sources) {
  if (is_in_root(report.summary, directory, sources)) return report.summary;
  for (const HeadlinePart& part : headline_parts(report)) {
    if (part.stack == nullptr) continue;
    for (const SourceFrame& frame : part.stack->frames) {
      if (is_in_root(frame, directory, sources)) return frame;
    }
  }
  return report.summary;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_PRIMARY_FRAME_H
