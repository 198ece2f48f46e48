#include "detector/symbolize/trace.h"

namespace fibersan {

Trace make_trace(Symbolizer& symbolizer, const Stack& stack, TraceOf what) {
  Trace trace;
  for (uint32_t i = 0; i < stack.count; ++i) {
    // The instruction before the return address belongs to the call.
    add_frames(trace.frames, symbolizer.code(stack.pcs[i] - 1));
  }
  size_t before = trace.frames.empty() ? 0 : trace.frames.size();
  trim_frames(trace.frames, what);
  trace.cut = stack.cut && before == trace.frames.size();
  return trace;
}

}  // namespace fibersan
