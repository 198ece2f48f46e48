// wait_reason.h: the words for why a fiber does not run.
#ifndef FIBERSAN_RUNTIME_OBSERVE_WAIT_REASON_H
#define FIBERSAN_RUNTIME_OBSERVE_WAIT_REASON_H

#include <cstdint>
#include <iterator>

#include "detector/abi/hooks.h"

namespace fiber::internal {

inline const char* wait_reason_text(unsigned reason) {
  static constexpr const char* kTexts[] = {
#define FSAN_WAIT_REASON(id, text) text,
#include "detector/abi/wait_reasons.def"
#undef FSAN_WAIT_REASON
  };
  return reason < std::size(kTexts) ? kTexts[reason] : "running";
}

// How a fiber's slice ended: a wait reason, or one of these.
inline constexpr uint8_t kSliceYielded = 0xf0;
inline constexpr uint8_t kSlicePreempted = 0xf3;
inline constexpr uint8_t kSliceOnThread = 0xf4;  // went on without the processor
inline constexpr uint8_t kSliceEnded = 0xf1;
inline constexpr uint8_t kSliceCut = 0xf2;  // it went on when the trace ended

inline const char* slice_end_text(uint8_t end) {
  if (end == kSliceYielded) return "runnable";
  if (end == kSlicePreempted) return "preempted";
  if (end == kSliceOnThread) return "running without a processor";
  if (end == kSliceEnded) return "ended";
  if (end == kSliceCut) return "running";
  return wait_reason_text(end);
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_OBSERVE_WAIT_REASON_H
