#include "detector/findings/frame_place.h"

#include <algorithm>
#include <cstring>

namespace fibersan {
namespace {

struct Frame {
  uintptr_t caller;
  uintptr_t return_address;
};

constexpr uintptr_t kFirstPage = 4096;                // no code
constexpr uintptr_t kFurthest = uintptr_t{64} << 10;  // of a local from its frame's ends

// Volatile: it may be written meanwhile.
Frame read_frame(uintptr_t at) {
  const auto* words = reinterpret_cast<const volatile uintptr_t*>(at);
  return {words[0], words[1]};
}

bool holds_frame(uintptr_t at, StackBounds bounds) {
  return at % 16 == 0 && at >= bounds.low && at < bounds.high && bounds.high - at >= sizeof(Frame);
}

// Whether frames are chained from there to the outermost one.
bool is_chained(uintptr_t at, StackBounds bounds) {
  for (unsigned depth = 0; depth < 4 * kMaxFrames; ++depth) {
    const Frame frame = read_frame(at);
    if (depth != 0 && frame.return_address < kFirstPage) return true;
    if (frame.return_address < kFirstPage) return false;
    if (frame.caller <= at || !holds_frame(frame.caller, bounds))
      return depth != 0 && frame.caller < kFirstPage;
    at = frame.caller;
  }
  return false;
}

// Of a call that the function with this frame made, or makes.
uintptr_t return_address_below(uintptr_t frame_pointer, StackBounds bounds, uintptr_t address) {
  const uintptr_t low = std::max(bounds.low, address - std::min(address, kFurthest));
  for (uintptr_t at = address & ~uintptr_t{15}; at >= low && at >= 16; at -= 16) {
    const Frame frame = read_frame(at);
    if (frame.caller == frame_pointer && frame.return_address >= kFirstPage)
      return frame.return_address;
  }
  return 0;
}

}  // namespace

FramePlace find_frame(const void* frame, uintptr_t pc, StackBounds bounds, uintptr_t address) {
  auto at = reinterpret_cast<uintptr_t>(frame);
  for (unsigned depth = 0; depth < kMaxFrames; ++depth) {
    if (at < bounds.low || at + sizeof(Frame) > bounds.high || at % sizeof(uintptr_t) != 0) break;
    const Frame here = read_frame(at);
    if (depth != 0) pc = here.return_address;
    if (here.caller <= at || here.caller >= bounds.high) break;
    at = here.caller;
    // Locals lie below the saved frame pointer.
    if (address < at) return {pc, at, 0};
  }
  return {};
}

FramePlace find_frame_by_chain(StackBounds bounds, uintptr_t address) {
  const uintptr_t end = std::min(bounds.high - sizeof(Frame), address + kFurthest);
  for (uintptr_t at = (address & ~uintptr_t{15}) + 16; at <= end; at += 16) {
    if (!is_chained(at, bounds)) continue;
    return {return_address_below(at, bounds, address), at, read_frame(at).return_address};
  }
  return {};
}

uintptr_t called_function(uintptr_t return_address) {
  constexpr unsigned char kCall = 0xe8;  // with the distance in four bytes
  constexpr uintptr_t kLength = 5;
  const auto* call = reinterpret_cast<const unsigned char*>(return_address - kLength);
  if (*call != kCall) return 0;
  int32_t distance = 0;
  memcpy(&distance, call + 1, sizeof distance);
  return return_address + static_cast<uintptr_t>(static_cast<intptr_t>(distance));
}

}  // namespace fibersan
