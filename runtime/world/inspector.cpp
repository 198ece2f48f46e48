#include "runtime/world/inspector.h"

#include "runtime/channel/core.h"
#include "runtime/fiber.h"
#include "runtime/stack_pool.h"
#include "runtime/sync/sync_word.h"
#include "runtime/timers.h"

namespace fiber::internal {
namespace {

int object_state(const void* object, fsan_object_kind kind, fsan_object_state* state) {
  switch (kind) {
    case FSAN_OBJECT_CHANNEL: {
      const auto& core = *static_cast<const ChannelCore*>(object);
      *state = {core.capacity(), core.size(), core.closed() ? 1 : 0};
      return 1;
    }
    case FSAN_OBJECT_WAITGROUP:
    case FSAN_OBJECT_SEMAPHORE:
    case FSAN_OBJECT_BARRIER:
      // Their first member. relaxed: a number by itself.
      *state = {
          0, payload(static_cast<const SyncState*>(object)->word.load(std::memory_order_relaxed)),
          0};
      return 1;
    default:
      return 0;
  }
}

__attribute__((no_sanitize("address", "thread"))) int64_t waited(const void* stack_address) {
  const Stack* const stack = stack_pool().find(stack_address);
  if (stack == nullptr) return -1;
  const int64_t since = Fiber::at(const_cast<Stack*>(stack))->parked_at;
  const int64_t now = Clock::now().time_since_epoch().count();
  return since == 0 || since > now ? -1 : now - since;
}

}  // namespace

constexpr fsan_inspector inspector = {&object_state, &waited};

}  // namespace fiber::internal
