#include "runtime/sync/object_hooks.h"

#include "fiber/sync.h"

namespace fiber::internal {

void sync_object_created(const void* object, std::size_t size, SyncKind kind) noexcept {
  static constexpr fsan_object_kind kKinds[] = {
      FSAN_OBJECT_MUTEX,     FSAN_OBJECT_RWMUTEX, FSAN_OBJECT_CONDITION, FSAN_OBJECT_ONCE,
      FSAN_OBJECT_SEMAPHORE, FSAN_OBJECT_BARRIER, FSAN_OBJECT_BARRIER,   FSAN_OBJECT_WAITGROUP,
  };
  __fsan_object_created(object, size, kKinds[static_cast<size_t>(kind)]);
}

}  // namespace fiber::internal
