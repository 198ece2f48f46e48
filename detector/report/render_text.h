// render_text.h: a Report as the text that people read.
//
// Input:    a Report. Output: the whole text, from one line of = to the other.
//           A Document: to the byte what its process prints with the same options.
// Threads:  any; pure functions.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_TEXT_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_TEXT_H

#include <string>

#include "detector/report/document.h"
#include "detector/report/report.h"

namespace fibersan {

struct TextStyle {
  bool color = false;        // ANSI escapes around headings
  bool fingerprint = false;  // shown
};

std::string render_text(const Report& report, TextStyle style);
std::string render_text(const Document& document, bool color = false);

// The pieces that other texts share.
std::string render_summary(const Report& report);     // SUMMARY: FiberSan: data race file:1:2 in f
std::string render_frame(const SourceFrame& frame);   // function file:line:col (module+0x…)
std::string render_place(const SourceFrame& frame);   // file:line:col, or (module+0x…)
std::string render_module(const SourceFrame& frame);  // (module+0x…)
std::string render_duration(uint64_t milliseconds);   // 20 ms | 1.2 s | 3 min 5 s
std::string render_fiber(const FiberName& fiber);     // fiber 7 'name' | main thread

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_TEXT_H
