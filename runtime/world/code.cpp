#include "runtime/world/code.h"

#include <cstdint>

extern "C" {
extern const char text_begin[] __asm__("__start_fiber_runtime_text")
    __attribute__((visibility("hidden")));
extern const char text_end[] __asm__("__stop_fiber_runtime_text")
    __attribute__((visibility("hidden")));
}

namespace fiber::internal {
namespace {

struct Frame {
  const Frame* caller;
  const void* return_address;
};

// Null where the chain ends, or leads out of the bounds.
const Frame* frame_at(const void* address, const void* above, const void* high) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  if (address <= above || at % alignof(Frame) != 0) return nullptr;
  if (at + sizeof(Frame) > reinterpret_cast<uintptr_t>(high)) return nullptr;
  return static_cast<const Frame*>(address);
}

}  // namespace

bool is_runtime_code(const void* address) {
  const char* code = static_cast<const char*>(address);
  return code > text_begin && code <= text_end;  // a return address may be the end
}

__attribute__((no_sanitize("address", "thread"))) const void* first_user_address(const void* start,
                                                                                 const void* low,
                                                                                 const void* high) {
  const char* before = static_cast<const char*>(low) - 1;
  for (const Frame* frame = frame_at(start, before, high); frame != nullptr;
       frame = frame_at(frame->caller, frame, high)) {
    if (!is_runtime_code(frame->return_address)) return frame + 1;
  }
  return high;
}

__attribute__((no_sanitize("address", "thread"))) bool runtime_is_at_work(const void* pc,
                                                                          const void* start,
                                                                          const void* low,
                                                                          const void* high) {
  if (is_runtime_code(pc)) return true;
  const char* before = static_cast<const char*>(low) - 1;
  const Frame* frame = frame_at(start, before, high);
  while (frame != nullptr) {
    if (frame->return_address == nullptr) return false;  // context.h I2
    if (is_runtime_code(frame->return_address)) return true;
    frame = frame_at(frame->caller, frame, high);
  }
  return true;
}

}  // namespace fiber::internal
