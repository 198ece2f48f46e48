#include "runtime/time/armed_sync.h"

#include <new>

#include "detector/abi/hooks.h"
#include "runtime/memory.h"

namespace fiber::internal {

ArmedSync* ArmedSync::arm(ArmedSync* sync) noexcept {
  if (sync == nullptr || !sync->exclusive()) {
    if (sync != nullptr) sync->drop();
    sync = new (allocate(sizeof(ArmedSync), alignof(ArmedSync))) ArmedSync;
  }
  __fsan_release(sync);
  return sync;
}

void ArmedSync::acquire_and_drop() {
  __fsan_acquire(this);
  drop();
}

void ArmedSync::drop() {
  // release [R1]: pairs with [A1]; acquire for the one who frees.
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~ArmedSync();
  deallocate(this, sizeof(ArmedSync), alignof(ArmedSync));
}

}  // namespace fiber::internal
