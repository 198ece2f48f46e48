#include "detector/race/attached_threads.h"

#include <limits.h>

#include "detector/clock/check.h"
#include "detector/collector/lane_collector.h"
#include "detector/race/concurrency.h"
#include "detector/race/held_locks.h"
#include "detector/race/known_fibers.h"
#include "detector/race/run_past.h"
#include "detector/race/sync_note.h"
#include "detector/race/sync_table.h"
#include "detector/race/thread.h"
#include "detector/race/thread_records.h"
#include "detector/race/thread_rings.h"
#include "detector/shadow/shadow.h"

namespace fibersan {

constinit thread_local ThreadState this_thread;

namespace {

constexpr uintptr_t kBelowLastHook = 1024;

constinit Ring main_ring;

constinit std::atomic<uint64_t> foreign_count{0};

// Its destructors run in rounds; in the last one we are behind all but those that set their
// value three times anew.
pthread_key_t end_key;
bool has_end_key = false;

void end_key_destroyed(void* rounds) {
  const auto left = reinterpret_cast<uintptr_t>(rounds);
  if (left > 1 && pthread_setspecific(end_key, reinterpret_cast<void*>(left - 1)) == 0) return;
  thread_ends();
}

void arm_end() {
  if (has_end_key)
    pthread_setspecific(end_key, reinterpret_cast<void*>(uintptr_t{PTHREAD_DESTRUCTOR_ITERATIONS}));
}

StackBounds own_stack() {
  StackBounds bounds;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return bounds;
  void* low = nullptr;
  size_t size = 0;
  if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
    bounds.low = reinterpret_cast<uintptr_t>(low);
    bounds.high = bounds.low + size;
  }
  pthread_attr_destroy(&attributes);
  return bounds;
}

// The record's second half: on the thread itself.
void adopt_record(AttachedThread& thread) {
  this_thread.kind = ThreadKind::kKnown;
  this_thread.own = &thread.fiber;
  thread.fiber.stack = own_stack();
  thread.fiber.lowest_touched = thread.fiber.creator_touched = thread.fiber.stack.high;
  arm_end();
}

// A1
void release_end(fsan_fiber& fiber, AttachedThread& thread) {
  SpinGuard guard(threads_lock);
  fiber.clock.release(thread.ended);
  if (locks_nest()) fiber.hard_past.make().release(thread.ended);
}

// It goes on as itself: the process may end on it, and what else it does is nobody's to join.
void main_thread_ends() {
  release_end(main_thread.fiber, main_thread);
  refresh_stamp();
}

}  // namespace

fsan_fiber* running_fiber() { return this_thread.fiber; }

void run_on_this_thread(fsan_fiber* fiber) {
  const SignalsWait inside;
  if (fiber == nullptr || checking_has_stopped()) return go_on_as_nobody();
  go_on_as(fiber);
}

void start_main_thread(StackBounds stack) {
  lane_collector.start();
  fsan_fiber& fiber = main_thread.fiber;
  fiber.info = make_fiber_info(kMainThreadId, kNoFiberId, 0, nullptr);
  fiber.stack = stack;
  fiber.lowest_touched = fiber.creator_touched = stack.high;
  fiber.clock.start(SpawnSnapshot{}, 0, kMainThreadId);
  main_thread.handle = pthread_self();
  main_thread.has_handle = main_thread.may_be_joined = true;
  main_thread.references = 3;  // one of them for ever
  this_thread.kind = ThreadKind::kKnown;
  this_thread.own = &fiber;
  this_thread.ring = this_thread.own_ring = &main_ring;
  // Before any key of the program's.
  has_end_key = pthread_key_create(&end_key, end_key_destroyed) == 0;
  arm_end();  // pthread_exit() alone comes to it
  run_on_this_thread(&fiber);
}

// What the stack leaves in the shadow is nobody's. The fiber's own stamps are not below what
// hooks saw, and neither are others': to hand out the address of a frame takes a hook below it.
// Unless that was covered by an access of the frame's caller: hence some more. Without a hook there
// is nothing but what the creator left.
void clear_stack(const fsan_fiber& fiber) {
  uintptr_t low = fiber.creator_touched;
  if (fiber.lowest_touched < fiber.stack.high) {
    low = fiber.lowest_touched - kBelowLastHook;
    if (low < fiber.stack.low || low > fiber.stack.high) low = fiber.stack.low;
  }
  if (low >= fiber.stack.high) return;
  clear_shadow(low, fiber.stack.high - low);
  forget_syncs(low, fiber.stack.high - low);
}

AttachedThread* thread_created(fsan_fiber& creator, StackId where, bool detached) {
  concurrency.thread_added();  // A2
  run_past_has_others();
  AttachedThread* thread = make_thread_record(creator.info->id, where);
  thread->fiber.checked = creator.checked;
  thread->processor = this_thread.processor;
  {
    const SignalsWait inside;
    thread->fiber.snapshot = creator.clock.spawn();  // A1
    if (locks_nest()) creator.hard_past.make().spawn(thread->fiber.hard_past.make());
    refresh_stamp();
  }
  thread->fiber.snapshot.drop_lane();  // A4: which one it gets is seen when it begins
  note_creation(creator, where);
  thread->may_be_joined = !detached;
  thread->references = detached ? 2 : 3;
  return thread;
}

void thread_not_created(AttachedThread& thread) {
  concurrency.thread_gone();
  {
    SpinGuard guard(threads_lock);
    fiber_info_ended(*thread.fiber.info);
    thread.fiber.info = nullptr;
  }
  drop_references(thread, thread.references);
}

void thread_handle_known(AttachedThread& thread, const pthread_t& handle) {
  AttachedThread* stale = nullptr;
  {
    SpinGuard guard(threads_lock);
    // Not begun: nobody but the system has written the handle yet.
    if (!thread.has_handle) stale = set_handle(thread, handle);
  }
  if (stale != nullptr) drop_references(*stale, 1);
  drop_references(thread, 1);
}

void thread_begins(AttachedThread& thread) {
  AttachedThread* stale = nullptr;
  {
    SpinGuard guard(threads_lock);
    if (!thread.has_handle) stale = set_handle(thread, pthread_self());
  }
  if (stale != nullptr) drop_references(*stale, 1);
  this_thread.processor = thread.processor;
  adopt_record(thread);
  fsan_fiber& fiber = thread.fiber;
  // What was there before, mapped and unmapped without our seeing it, is nobody's.
  clear_shadow(fiber.stack.low, fiber.stack.high - fiber.stack.low);
  if (fiber.checked) {
    this_thread.ring = this_thread.own_ring = take_thread_ring();
    start_clock_of_thread(fiber);  // A4
  } else {
    foreign_count.fetch_add(1, std::memory_order_relaxed);
    fiber.clock.start_without_lane(static_cast<SpawnSnapshot&&>(fiber.snapshot), fiber.info->id);
  }
  run_on_this_thread(&fiber);
}

void thread_ends() {
  fsan_fiber* const own = this_thread.own;
  if (own == nullptr || checking_has_stopped()) return;
  if (own == &main_thread.fiber) return main_thread_ends();
  AttachedThread& thread = record_of(*own);
  // A robust mutex goes to whoever waits for it.
  for (const HeldLock& held : own->held_locks.all())
    release_lock(*own, held.lock, {0, nullptr, 0, 0});
  release_end(*own, thread);
  this_thread.kind = ThreadKind::kEnded;
  this_thread.own = nullptr;
  run_on_this_thread(nullptr);
  own->clock.end();
  keep_last_release(*own);
  clear_stack(*own);
  {
    SpinGuard guard(threads_lock);
    fiber_info_ended(*own->info);
    own->info = nullptr;
  }
  if (this_thread.own_ring != nullptr) give_back_thread_ring(this_thread.own_ring);
  this_thread.ring = this_thread.own_ring = nullptr;
  concurrency.thread_gone();
  drop_references(thread, 1);
  lane_collector.fiber_ended();
  forget_old_fibers();
}

fsan_fiber* attach_unseen_thread() {
  if (checking_has_stopped()) note_unchecked();
  if (this_thread.kind != ThreadKind::kUnseen) return nullptr;
  if (!has_end_key || checking_has_stopped()) return nullptr;
  AttachedThread* thread = make_thread_record(kNoFiberId, 0);  // A3
  thread->references = 1;
  foreign_count.fetch_add(1, std::memory_order_relaxed);
  concurrency.thread_added();
  run_past_has_others();
  adopt_record(*thread);
  thread->fiber.checked = false;
  thread->fiber.clock.start_without_lane(SpawnSnapshot{}, thread->fiber.info->id);
  run_on_this_thread(&thread->fiber);
  return &thread->fiber;
}

void become_runtime_thread() { this_thread.kind = ThreadKind::kRuntime; }

AttachedThread* find_thread_to_join(pthread_t handle) {
  if (checking_has_stopped()) return nullptr;
  SpinGuard guard(threads_lock);
  AttachedThread* thread = find_joinable(handle);
  if (thread == nullptr && main_thread.may_be_joined &&
      pthread_equal(main_thread.handle, handle) != 0)
    thread = &main_thread;
  if (thread != nullptr) ++thread->references;
  return thread;
}

void thread_joined(AttachedThread& thread, fsan_fiber* joiner) {
  unsigned references = 1;
  {
    SpinGuard guard(threads_lock);
    if (joiner != nullptr) {
      joiner->clock.acquire(thread.ended);  // A1
      if (locks_nest()) joiner->hard_past.make().acquire(thread.ended);
    }
    if (thread.may_be_joined) ++references;
    thread.may_be_joined = false;
  }
  drop_references(thread, references);
}

void thread_not_joined(AttachedThread& thread) { drop_references(thread, 1); }

void thread_detached(pthread_t handle) {
  if (checking_has_stopped()) return;
  AttachedThread* thread = nullptr;
  {
    SpinGuard guard(threads_lock);
    thread = find_joinable(handle);
    if (thread == nullptr) return;
    thread->may_be_joined = false;
  }
  drop_references(*thread, 1);
}

void thread_named(pthread_t handle, const char* name) {
  if (checking_has_stopped()) return;
  if (this_thread.own != nullptr && pthread_equal(handle, pthread_self()) != 0) {
    name_fiber(*this_thread.own->info, name);
    return;
  }
  name_thread(handle, name);
}

void note_run_started(bool parallel) {
  attach_unseen_thread();
  run_past_begins();
  concurrency.run_begins(parallel);
}

void note_run_widened() { concurrency.run_widens(); }

void note_run_finished() {
  concurrency.run_narrows();
  run_on_this_thread(this_thread.own);
  if (this_thread.fiber == nullptr) return;
  acquire_run_past(this_thread.fiber->clock);
  if (locks_nest()) this_thread.fiber->hard_past.make().acquire_all(this_thread.fiber->clock);
  refresh_stamp();
  concurrency.run_ends();
}

void note_fiber_abandoned() { concurrency.thread_added(); }

uint64_t foreign_threads() { return foreign_count.load(std::memory_order_relaxed); }

}  // namespace fibersan
