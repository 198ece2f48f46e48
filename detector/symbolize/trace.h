// trace.h: a stack of return addresses as the trace that a report shows.
//
// Input:    a Stack. Output: its frames, symbolized, without those of FiberSan itself.
// Threads:  as Symbolizer.
//
// Invariants
//   X1  Only frames at the two ends are dropped: what lies between two of the program's
//       own stays. A stack that would be empty stays whole.
//   X2  Without debug information a callable that was inlined into what a fiber or thread begins
//       with has no frame: the frame of that gets its name.
#ifndef FIBERSAN_DETECTOR_SYMBOLIZE_TRACE_H
#define FIBERSAN_DETECTOR_SYMBOLIZE_TRACE_H

#include <string>
#include <string_view>
#include <vector>

#include "detector/history/stack.h"
#include "detector/report/report.h"
#include "detector/symbolize/symbolizer.h"

namespace fibersan {

// What the innermost frames are to the reader.
enum class TraceOf {
  kEvent,    // an access or a call: the call of the fiber library, if it is one, is shown
  kCreation  // where something came to be: begins in the program's own code
};

Trace make_trace(Symbolizer& symbolizer, const Stack& stack, TraceOf what = TraceOf::kEvent);

// Drops at the inner end allocation functions and the insides of runtime and detector,
// down to the one public call that led there; at the outer end everything that leads to
// main or to a fiber's function.
void trim_frames(std::vector<SourceFrame>& frames, TraceOf what);

// The frame that a summary names: the innermost of the program's own, that is neither of
// the standard library nor of the fiber library.
SourceFrame summary_frame(const std::vector<SourceFrame>& frames);

// "fiber::internal::Sending<int, fiber::Channel<int>>::send(int)" is how the compiler knows
// fiber::Channel<int>::send(int).
std::string public_name(const std::string& function);

// "void a::b<int>(char)" -> "a::b<int>(char)".
std::string_view without_return_type(std::string_view function);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SYMBOLIZE_TRACE_H
