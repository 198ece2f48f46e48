#include "detector/race/thread_records.h"

#include <atomic>
#include <new>

#include "detector/clock/slab.h"
#include "detector/race/known_fibers.h"

namespace fibersan {

// Never destroyed: hooks are called until the very end.
[[clang::no_destroy]] constinit AttachedThread main_thread;

SpinLock threads_lock;

namespace {

constinit Slab thread_slab(sizeof(AttachedThread));
AttachedThread* newest FIBERSAN_GUARDED_BY(threads_lock) = nullptr;
constinit std::atomic<uint64_t> threads_ever{0};

}  // namespace

AttachedThread* make_thread_record(uint64_t creator_id, StackId where) {
  auto* thread = new (thread_slab.allocate()) AttachedThread;
  const uint64_t number =
      threads_ever.fetch_add(1, std::memory_order_relaxed) % (kMostThreadIds - 1) + 1;
  thread->fiber.info = make_fiber_info(kThreadIds + number, creator_id, where, nullptr);
  SpinGuard guard(threads_lock);
  thread->older = newest;
  if (newest != nullptr) newest->newer = thread;
  newest = thread;
  return thread;
}

void drop_references(AttachedThread& thread, unsigned count) {
  {
    SpinGuard guard(threads_lock);
    thread.references -= count;
    if (thread.references != 0) return;
    (thread.newer == nullptr ? newest : thread.newer->older) = thread.older;
    if (thread.older != nullptr) thread.older->newer = thread.newer;
  }
  thread.~AttachedThread();
  thread_slab.free(&thread);
}

AttachedThread* find_joinable(pthread_t handle) {
  AttachedThread* thread = newest;
  while (thread != nullptr && !(thread->has_handle && thread->may_be_joined &&
                                pthread_equal(thread->handle, handle) != 0))
    thread = thread->older;
  return thread;
}

AttachedThread* set_handle(AttachedThread& thread, pthread_t handle) {
  AttachedThread* stale = find_joinable(handle);
  if (stale != nullptr) stale->may_be_joined = false;
  thread.handle = handle;
  thread.has_handle = true;
  return stale;
}

void name_thread(pthread_t handle, const char* name) {
  SpinGuard guard(threads_lock);
  for (AttachedThread* thread = newest; thread != nullptr; thread = thread->older) {
    if (!thread->has_handle || pthread_equal(thread->handle, handle) == 0) continue;
    if (thread->fiber.info != nullptr) name_fiber(*thread->fiber.info, name);
    return;
  }
}

uint64_t thread_of_stack_address(uintptr_t address) {
  SpinGuard guard(threads_lock);
  for (const AttachedThread* thread = newest; thread != nullptr; thread = thread->older) {
    const fsan_fiber& fiber = thread->fiber;
    if (address >= fiber.stack.low && address < fiber.stack.high && fiber.info != nullptr)
      return fiber.info->id;
  }
  return kNoFiberId;
}

uint64_t thread_of_handle(pthread_t handle) {
  if (pthread_equal(handle, main_thread.handle) != 0) return kMainThreadId;
  SpinGuard guard(threads_lock);
  for (const AttachedThread* thread = newest; thread != nullptr; thread = thread->older) {
    if (thread->has_handle && thread->fiber.info != nullptr &&
        pthread_equal(thread->handle, handle) != 0)
      return thread->fiber.info->id;
  }
  return kNoFiberId;
}

bool visit_live_thread(uint64_t id, void (*visit)(const fsan_fiber&, void*), void* data) {
  if (id == kMainThreadId) {
    visit(main_thread.fiber, data);
    return true;
  }
  SpinGuard guard(threads_lock);
  for (const AttachedThread* thread = newest; thread != nullptr; thread = thread->older) {
    if (thread->fiber.info == nullptr || thread->fiber.info->id != id) continue;
    visit(thread->fiber, data);
    return true;
  }
  return false;
}

}  // namespace fibersan
