#include "runtime/time/callback.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>

#include "detector/abi/hooks.h"
#include "runtime/memory.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/stack_walk.h"

namespace fiber::internal {

size_t Callback::alignment_of(const CallbackType& type) {
  return std::max(alignof(Callback), type.alignment);
}

size_t Callback::offset_of(const CallbackType& type) {
  return (sizeof(Callback) + type.alignment - 1) & -type.alignment;
}

Callback::Callback(const CallbackType& type) : type_(type) {
  const Fiber* creator = current_fiber();
  if (creator == nullptr) return;
  creator_id_ = creator->id;
  leak_scope_ = creator->leak_scope.load(std::memory_order_relaxed);
  walk_frames(__builtin_frame_address(0), creator->stack->low, creator->stack->high(), created_at_,
              Fiber::kCreatorFrames);
}

Callback* Callback::make(const CallbackType& type, void* source) {
  const size_t size = offset_of(type) + type.size;
  auto* callback = new (allocate(size, alignment_of(type))) Callback(type);
  try {
    type.construct(callback->callable(), source);
  } catch (...) {
    callback->~Callback();
    deallocate(callback, size, alignment_of(type));
    throw;
  }
  return callback;
}

void Callback::destroy(Callback* callback) {
  __fsan_acquire(callback);  // B1
  const CallbackType& type = callback->type_;
  type.destroy(callback->callable());
  callback->~Callback();
  deallocate(callback, offset_of(type) + type.size, alignment_of(type));
}

FIBER_ENTRY_TEXT void Callback::run(void* place, JoinState*) {
  const Call call = *static_cast<Call*>(place);
  call.armed->acquire_and_drop();
  struct End {
    const Call& call;
    ~End() {
      __fsan_merge(call.callback);  // B1
      call.owner.release(call.owner.object);
    }
  } end{call};
  call.callback->type_.call(call.callback->callable());
}

void Callback::start(ArmedSync* armed, uint64_t armed_at, Owner owner) noexcept {
  static constexpr Closure kClosure = {
      sizeof(Call), alignof(Call),
      [](void* place, void* source) { *static_cast<Call*>(place) = *static_cast<Call*>(source); },
      &Callback::run};
  Call call{this, armed, owner};
  Fiber* fiber = nullptr;
  try {
    fiber = create_fiber(nullptr, kClosure, &call, nullptr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fatal error: no fiber for the callback of an after_func: %s\n",
                 error.what());
    std::terminate();
  }
  fiber->creator_id = creator_id_;
  fiber->leak_scope.store(leak_scope_, std::memory_order_relaxed);
  std::copy(std::begin(created_at_), std::end(created_at_), fiber->created_at);
  __fsan_fiber_created_at(fiber->detector, armed_at);
  fiber->state.start();
  scheduler.enqueue(fiber, Runnable::kCreated);  // the last touch: the owner may be gone
}

}  // namespace fiber::internal
