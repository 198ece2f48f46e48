#include "detector/race/memory.h"

#include "detector/abi/hooks.h"
#include "detector/race/access.h"
#include "detector/race/objects.h"
#include "detector/race/sync_table.h"
#include "detector/shadow/shadow.h"

namespace fibersan {

void memory_allocated(uintptr_t address, uint64_t size) { clear_shadow(address, size); }

void memory_freed(uintptr_t address, uint64_t size, uintptr_t pc, const void* frame) {
  // M1 for Syncs: now, while their memory is still the block's.
  sync_table.forget(address, size);
  fsan_fiber* const fiber = this_thread.fiber;
  if (fiber == nullptr) return;  // a thread that is not checked frees without a stamp
  const Access access = {
      .address = address, .size = size, .kind = AccessKind::kWrite, .is_free = true};
  access_range(access, {pc, frame, __fsan_running.context});
}

}  // namespace fibersan

extern "C" void __fsan_memory_forgotten(const void* memory, size_t size) {
  const auto address = reinterpret_cast<uintptr_t>(memory);
  fibersan::sync_table.forget(address, size);
  fibersan::forget_objects(address, size);
  fibersan::clear_shadow(address, size);
}
