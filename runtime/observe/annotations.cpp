// The annotations of debug.h.
#include "detector/abi/hooks.h"
#include "fiber/debug.h"
#include "runtime/channel/core.h"
#include "runtime/scheduler.h"

namespace fiber {

void internal::name_channel(ChannelCore* core, const char* name) {
  if (core != nullptr) __fsan_object_named(core->race_point(), name);
}

void happens_before(const volatile void* p) { __fsan_merge(const_cast<const void*>(p)); }
void happens_after(const volatile void* p) { __fsan_acquire(const_cast<const void*>(p)); }

ExternalWaker::ExternalWaker() { internal::scheduler.foreign_waker_added(); }
ExternalWaker::~ExternalWaker() { internal::scheduler.foreign_waker_removed(); }
ExternalWaker external_waker() { return ExternalWaker(); }

}  // namespace fiber
