#include "detector/history/frames.h"

namespace fibersan {
namespace {

// What a frame pointer points at on x86-64 and aarch64.
struct Frame {
  uintptr_t caller;
  uintptr_t return_address;
};

bool is_frame(uintptr_t frame, StackBounds bounds) {
  return frame >= bounds.low && frame <= bounds.high - sizeof(Frame) &&
         frame % alignof(Frame) == 0 && bounds.high - bounds.low >= sizeof(Frame);
}

}  // namespace

Stack walk_frames(const void* frame, uintptr_t pc, StackBounds bounds) {
  Stack stack;
  uintptr_t current = reinterpret_cast<uintptr_t>(frame);
  if (pc != 0) {
    stack.push(pc);
    if (!is_frame(current, bounds)) return stack;
    uintptr_t caller = reinterpret_cast<const Frame*>(current)->caller;
    if (caller <= current) return stack;
    current = caller;
  }
  while (is_frame(current, bounds) && !stack.cut) {
    const Frame* here = reinterpret_cast<const Frame*>(current);
    if (here->return_address < 4096) break;  // the outermost frame of a thread or fiber
    stack.push(here->return_address);
    if (here->caller <= current) break;  // F1
    current = here->caller;
  }
  return stack;
}

}  // namespace fibersan
