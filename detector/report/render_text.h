// render_text.h: a Report as the text that people read.
//
// Input:    a Report. Output: the whole text, from one line of = to the other.
// Threads:  any; a pure function.
// Not here: the last line of a run, see detector/process/.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_TEXT_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_TEXT_H

#include <string>

#include "detector/report/report.h"

namespace fibersan {

struct TextStyle {
  bool color = false;  // ANSI escapes around headings
};

std::string render_text(const Report& report, TextStyle style);

// The pieces that other texts share.
std::string render_frame(const SourceFrame& frame);  // function file:line:col (module+0x…)
std::string render_place(const SourceFrame& frame);  // file:line:col, or (module+0x…)
std::string render_fiber(const FiberName& fiber);    // fiber 7 'name' | main thread

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_TEXT_H
