// stack.h: a call stack as plain numbers.
//
// Not here: walking one, see frames.h; keeping many, see stack_table.h.
//
// Invariants
//   S1  pcs[0] is the innermost frame. Every entry is a return address: the
//       instruction of interest is the one before it.
#ifndef FIBERSAN_DETECTOR_HISTORY_STACK_H
#define FIBERSAN_DETECTOR_HISTORY_STACK_H

#include <cstdint>

namespace fibersan {

struct StackBounds {
  uintptr_t low = 0;
  uintptr_t high = 0;  // one past the last byte
};

inline constexpr uint32_t kMaxFrames = 128;

// The innermost kMaxFrames frames; `cut` says that there were more.
struct Stack {
  uint32_t count = 0;
  bool cut = false;
  uintptr_t pcs[kMaxFrames];

  bool empty() const { return count == 0; }
  void push(uintptr_t pc) {
    if (count < kMaxFrames) {
      pcs[count++] = pc;
    } else {
      cut = true;
    }
  }
};

inline bool operator==(const Stack& a, const Stack& b) {
  if (a.count != b.count) return false;
  for (uint32_t i = 0; i < a.count; ++i) {
    if (a.pcs[i] != b.pcs[i]) return false;
  }
  return true;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_STACK_H
