// trace.h: a stack of return addresses as the trace that a report shows.
//
// Input:    a Stack. Output: its frames, symbolized, without those of FiberSan itself.
// Threads:  as Symbolizer.
// Not here: which frames those are, see report/trace_frames.h.
#ifndef FIBERSAN_DETECTOR_SYMBOLIZE_TRACE_H
#define FIBERSAN_DETECTOR_SYMBOLIZE_TRACE_H

#include "detector/history/stack.h"
#include "detector/report/report.h"
#include "detector/report/trace_frames.h"
#include "detector/symbolize/symbolizer.h"

namespace fibersan {

Trace make_trace(Symbolizer& symbolizer, const Stack& stack, TraceOf what = TraceOf::kEvent);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SYMBOLIZE_TRACE_H
