#include "detector/symbolize/trace.h"

namespace fibersan {

Trace make_trace(Symbolizer& symbolizer, const Stack& stack, TraceOf what) {
  Trace trace;
  for (uint32_t i = 0; i < stack.count; ++i) {
    // The instruction before the return address belongs to the call.
    add_frames(trace.frames, symbolizer.code(stack.pcs[i] - 1));
  }
  trace.cut = stack.cut;
  trim(trace, what);
  return trace;
}

}  // namespace fibersan
