#include "runtime/fiber.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "fiber/error.h"
#include "runtime/fork.h"
#include "runtime/hooks.h"
#include "runtime/join.h"
#include "runtime/local.h"
#include "runtime/observe/fiber_snapshot.h"
#include "runtime/park.h"
#include "runtime/processor_use.h"
#include "runtime/scheduler.h"
#include "runtime/stack_walk.h"
#include "runtime/switch.h"
#include "runtime/sync/member_done.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

namespace fiber::internal {
namespace {

constexpr size_t kRecordAlignment = 64;
constexpr uint32_t kColours = 16;
constexpr size_t kColourStep = 128;

[[noreturn]] FIBER_ENTRY_TEXT void run_fiber(Fiber* fiber, Context from) {
  current_worker()->arrive(fiber, from);
  fiber->run(fiber->callable, fiber->join);
  end_fiber(fiber);
}

// No handler here: for an exception that nobody takes the unwinder finds no frame to go
// to and calls std::terminate with the stack of the throw still in place.
FIBER_ENTRY_TEXT void fiber_entry(boost::context::detail::transfer_t transfer) {
  FIBER_OUTERMOST_FRAME();
  run_fiber(static_cast<Fiber*>(transfer.data), transfer.fctx);
}

char* align_down(char* address, size_t alignment) {
  return address - reinterpret_cast<uintptr_t>(address) % alignment;
}

// Gives the stack back when the callable cannot be moved into it. To the pool: moving is
// the user's code, which may have parked and gone on with another processor.
struct StackOwner {
  Stack* stack;
  char* record = nullptr;
  char* callable = nullptr;
  ~StackOwner() {
    if (stack == nullptr) return;
    // What a fiber leaves on its stack is forgotten when it ends; this one never was.
    if (callable != nullptr)
      __fsan_memory_forgotten(callable, static_cast<size_t>(record - callable));
    stack_pool().give(stack, nullptr);
  }
};

Stack* take_stack(const FiberOptions* options) {
  uint32_t size_class = scheduler.stack_class();
  if (options != nullptr && options->stack_size != 0) {
    size_class = StackPool::class_of(options->stack_size);
  }
  ProcessorUse use;
  const bool cached = use.get() != nullptr && size_class == scheduler.stack_class();
  return stack_pool().take(size_class, cached ? &use.get()->stacks : nullptr);
}

void record_creator(Fiber* fiber) {
  Fiber* creator = current_fiber();
  if (creator == nullptr) return;
  fiber->creator_id = creator->id;
  fiber->leak_scope.store(creator->leak_scope.load(std::memory_order_relaxed),
                          std::memory_order_relaxed);  // its fiber has not begun
  walk_frames(__builtin_frame_address(0), creator->stack->low, creator->stack->high(),
              fiber->created_at, Fiber::kCreatorFrames);
}

}  // namespace

Fiber* Fiber::at(Stack* stack) {
  char* top = stack->high() - (stack->colour % kColours) * kColourStep;
  return reinterpret_cast<Fiber*>(align_down(top - sizeof(Fiber), kRecordAlignment));
}

Fiber* create_fiber(const FiberOptions* options, const Closure& closure, void* source,
                    JoinState* join) {
  if (in_forked_child()) throw Error("fiber: no fiber can be started in the child of fork()");
  StackOwner owner{take_stack(options)};
#if __has_feature(address_sanitizer)
  ASAN_UNPOISON_MEMORY_REGION(owner.stack->low, owner.stack->size());
#endif
  Fiber* fiber = new (Fiber::at(owner.stack)) Fiber;
  char* record = reinterpret_cast<char*>(fiber);
  fiber->stack = owner.stack;
  fiber->callable = align_down(record - closure.size, std::max<size_t>(closure.alignment, 16));
  if (static_cast<char*>(fiber->callable) < owner.stack->low + owner.stack->size() / 2) {
    throw Error("fiber: the callable and its arguments do not fit on the fiber's stack");
  }
  owner.record = record;
  owner.callable = static_cast<char*>(fiber->callable);
  closure.construct(fiber->callable, source);
  owner.stack = nullptr;

  fiber->run = closure.run;
  fiber->join = join;
  fiber->id = scheduler.next_fiber_id();
  record_creator(fiber);
  if (options != nullptr && !options->name.empty()) fiber->name = strdup(options->name.c_str());
  fiber->detector = __fsan_fiber_created(fiber->id, fiber->name, fiber->stack->low, record,
                                         fiber->callable, join);
  if (join != nullptr) joined_fiber_created(join, fiber->id);

  char* frames = static_cast<char*>(fiber->callable);
  const size_t size = static_cast<size_t>(frames - fiber->stack->low);
  fiber->notes.create();
  fiber->notes.set_stack(fiber->stack->low, size);
  fiber->context = make_context(frames, size, fiber_entry);
  return fiber;
}

void end_fiber(Fiber* fiber) {
  if (fiber->group != nullptr) member_done(*fiber->group);
  destroy_locals(fiber);
  if (in_forked_child()) end_of_forked_child(*fiber);
  if (fiber->locked_to != nullptr) unlock_thread(fiber);
  if (fiber->join != nullptr) complete_join(fiber->join);
  fiber->leave = Leave::kEnd;
  leave_stack(fiber, /*last=*/true);
  FIBERSAN_CHECK(!"a dead fiber was resumed", fiber->id);
  __builtin_unreachable();
}

void destroy_fiber(Fiber* fiber, StackCache* cache) {
  if (hooks::listening()) fiber->callable = nullptr;  // I2
  __fsan_fiber_ended(std::exchange(fiber->detector, nullptr));
  fiber->notes.destroy();
  if (fiber->name != nullptr) replace_fiber_name(fiber, nullptr);
  fiber->state.ended();
  const bool cached = fiber->stack->size_class == scheduler.stack_class();
  stack_pool().give(fiber->stack, cached ? cache : nullptr);
}

}  // namespace fiber::internal
