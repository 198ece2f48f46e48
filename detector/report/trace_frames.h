// trace_frames.h: the frames of a stack as a report shows them, without those of FiberSan itself.
//
// Input:    frames of a whole stack with their functions, the innermost first.
// Threads:  any; pure functions.
// Not here: how addresses come to frames, see symbolize/trace.h and the command's symbolize.
//
// Invariants
//   X1  Only frames at the two ends are dropped: what lies between two of the program's
//       own stays. A stack that would be empty stays whole.
//   X2  Without debug information a callable that was inlined into what a fiber or thread begins
//       with has no frame: the frame of that gets its name.
#ifndef FIBERSAN_DETECTOR_REPORT_TRACE_FRAMES_H
#define FIBERSAN_DETECTOR_REPORT_TRACE_FRAMES_H

#include <string>
#include <string_view>
#include <vector>

#include "detector/report/report.h"

namespace fibersan {

// What the innermost frames are to the reader.
enum class TraceOf {
  kEvent,    // an access or a call: the call of the fiber library, if it is one, is shown
  kCreation  // where something came to be: begins in the program's own code
};

// Adds the frames of one address, at least one: a checked twin of a function of the C library and
// what was inlined into it are one frame.
void add_frames(std::vector<SourceFrame>& frames, const std::vector<SourceFrame>& here);

// Drops at the inner end allocation functions and the insides of runtime and detector,
// down to the one public call that led there; at the outer end everything that leads to
// main or to a fiber's function.
void trim_frames(std::vector<SourceFrame>& frames, TraceOf what);

// The same for a whole trace: what is dropped at the outer end was its end.
void trim(Trace& trace, TraceOf what);

// The frame that a summary names: the innermost of the program's own, that is neither of
// the standard library nor of the fiber library.
SourceFrame summary_frame(const std::vector<SourceFrame>& frames);

// "fiber::internal::Sending<int, fiber::Channel<int>>::send(int)" is how the compiler knows
// fiber::Channel<int>::send(int).
std::string public_name(const std::string& function);

// "void a::b<int>(char)" -> "a::b<int>(char)".
std::string_view without_return_type(std::string_view function);

// The pass gives its copies of inline functions names of their own.
std::string without_copy_suffix(std::string function);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_TRACE_FRAMES_H
