// misuse.h: wrong uses of channels: a finding, then an exception.
#ifndef FIBERSAN_RUNTIME_CHANNEL_MISUSE_H
#define FIBERSAN_RUNTIME_CHANNEL_MISUSE_H

#include "detector/abi/hooks.h"
#include "fiber/error.h"

namespace fiber::internal {

[[noreturn]] inline void throw_closed(const void* core, fsan_finding_kind kind, const char* what) {
  __fsan_misuse(kind, core);
  throw ClosedChannel(what);
}

[[noreturn]] inline void send_on_closed(const void* core) {
  throw_closed(core, FSAN_FINDING_SEND_ON_CLOSED,
               "send on a closed channel: only who knows that nobody sends any more may close it");
}

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CHANNEL_MISUSE_H
