// Fibers, processors and runs: who is executing on which thread, from when to when.
#include <new>
#include <utility>

#include "detector/clock/slab.h"
#include "detector/collector/lane_collector.h"
#include "detector/history/context.h"
#include "detector/process/options.h"
#include "detector/process/run_totals.h"
#include "detector/race/access.h"
#include "detector/race/attached_threads.h"
#include "detector/race/blocks.h"
#include "detector/race/held_locks.h"
#include "detector/race/interruptions.h"
#include "detector/race/known_fibers.h"
#include "detector/race/place.h"
#include "detector/race/run_past.h"
#include "detector/race/sync_note.h"
#include "detector/race/thread_rings.h"

extern "C" {
constinit __thread struct fsan_running_state __fsan_running = {0, 0};
}

namespace fibersan {

namespace {

constinit std::atomic<bool> stopped{false};
constinit std::atomic<bool> unchecked{false};
constinit Slab fiber_slab(sizeof(fsan_fiber));

// Records of fibers that ended on this worker, for the next ones that it creates: no lock.
class SpareFibers {
 public:
  constexpr SpareFibers() = default;
  void* allocate() {
    if (first_ == nullptr) return fiber_slab.allocate();
    --count_;
    return std::exchange(first_, first_->next);
  }
  void free(void* fiber) {
    if (count_ == kMost) return fiber_slab.free(fiber);
    ++count_;
    first_ = new (fiber) Spare{first_};
  }
  void give_back() {
    while (first_ != nullptr) fiber_slab.free(std::exchange(first_, first_->next));
    count_ = 0;
  }

 private:
  static constexpr unsigned kMost = 64;
  struct Spare {
    Spare* next;
  };
  Spare* first_ = nullptr;
  unsigned count_ = 0;
};
constinit thread_local SpareFibers spare_fibers __attribute__((tls_model("initial-exec")));

void look_for_thread_lock(const fsan_fiber& fiber) {
  for (const HeldLock& held : fiber.held_locks.all()) {
    if (held.of_thread) return __fsan_misuse(FSAN_FINDING_THREAD_LOCK_OVER_PARK, held.lock);
  }
}

void end_fiber(fsan_fiber& fiber) {
  keep_last_release(fiber);
  if (fiber.clock.started()) {
    fiber_leaves_run(fiber.clock);
    fiber.clock.end();
  }
  clear_stack(fiber);
  fiber_info_ended(*fiber.info);
  fiber.~fsan_fiber();
  spare_fibers.free(&fiber);
}

}  // namespace

// relaxed: set while the process has one thread.
bool checking_has_stopped() { return stopped.load(std::memory_order_relaxed); }

// relaxed: nothing depends on when it is seen.
void note_unchecked() { unchecked.store(true, std::memory_order_relaxed); }
bool something_was_unchecked() { return unchecked.load(std::memory_order_relaxed); }

void stop_checking() {
  stopped.store(true, std::memory_order_relaxed);
  run_on_this_thread(nullptr);
}

}  // namespace fibersan

using fibersan::checking_has_stopped;
using fibersan::this_thread;

extern "C" {

void __fsan_processor_acquired(uint32_t index) {
  if (this_thread.own == nullptr) fibersan::become_runtime_thread();
  this_thread.ring = &fibersan::worker_ring(index);
  this_thread.processor = index;
  this_thread.segment_is_stale = true;
}

void __fsan_processor_released(uint32_t) {
  fibersan::spare_fibers.give_back();
  this_thread.ring = this_thread.own_ring;
  this_thread.segment_is_stale = true;
}

void __fsan_own_work_begins(void) { ++this_thread.own_work_depth; }
void __fsan_own_work_ends(void) { --this_thread.own_work_depth; }
void __fsan_thread_interrupted(void) { ++fibersan::interruptions.own; }

void __fsan_run_started(uint32_t processors, uint64_t seed) {
  fibersan::note_run(processors, seed);
  if (checking_has_stopped()) return;
  fibersan::note_run_started(processors > 1);
}

int __fsan_run_widened(int asleep) {
  if (checking_has_stopped()) return 0;
  if (fibersan::accesses_are_parallel.load(std::memory_order_relaxed)) {
    fibersan::note_run_widened();
    return 0;
  }
  // Within an access it might overwrite what the second thread is about to store.
  if (asleep == 0) return 1;
  fibersan::note_run_widened();
  return 0;
}

void __fsan_blocking_call_begun(void) {
  fsan_fiber* const fiber = this_thread.fiber;
  if (fiber == nullptr || checking_has_stopped()) return;
  fibersan::run_past_has_others();
  const fibersan::SignalsWait inside;
  fibersan::add_to_run_past(fiber->clock);
  fibersan::refresh_stamp();
}

// Its record stays for ever: the thread in the call goes on using it.
void __fsan_fiber_abandoned(struct fsan_fiber* fiber) {
  if (checking_has_stopped()) return;
  fibersan::note_fiber_abandoned();
  fibersan::not_live(*fiber->info);
}

void __fsan_run_finished(void) {
  if (checking_has_stopped()) return;
  uint32_t place = 0;
  while (fsan_fiber* fiber = fibersan::next_live(place)) fibersan::end_fiber(*fiber);
  fibersan::spare_fibers.give_back();
  fibersan::note_run_finished();
}

struct fsan_fiber* __fsan_fiber_created(uint64_t id, const char* name, const void* stack_low,
                                        const void* stack_high, const void* stack_used,
                                        const void* join) {
  if (checking_has_stopped()) return nullptr;
  fsan_fiber* const creator = this_thread.fiber;
  const fibersan::Caller caller = FIBERSAN_CALLER(__fsan_running.context);
  auto* fiber = new (fibersan::spare_fibers.allocate()) fsan_fiber;
  fibersan::StackId stack = 0;
  if (creator != nullptr) {
    stack = fibersan::place_of(*creator, caller);
    const fibersan::SignalsWait inside;
    fiber->snapshot = creator->clock.spawn();
    fiber->known = creator->clock.published();
    if (fibersan::locks_nest()) creator->hard_past.make().spawn(fiber->hard_past.make());
    fibersan::note_stack_use(*creator, reinterpret_cast<uintptr_t>(caller.frame));
    fiber->checked = creator->checked;
    fibersan::refresh_stamp();
    fibersan::note_creation(*creator, stack);
  }  // else by a timer: the fiber knows nothing until it acquires what armed the timer
  fiber->stack = {reinterpret_cast<uintptr_t>(stack_low), reinterpret_cast<uintptr_t>(stack_high)};
  fiber->lowest_touched = fiber->stack.high;
  fiber->creator_touched = reinterpret_cast<uintptr_t>(stack_used);
  fiber->join = join;
  fibersan::make_fiber_info(id, creator == nullptr ? fibersan::kNoFiberId : creator->info->id,
                            stack, name, fiber);
  return fiber;
}

// The id, which has 32 bits, over the stack's.
uint64_t __fsan_place_of_creation(void) {
  const fsan_fiber* fiber = this_thread.fiber;
  if (fiber == nullptr || checking_has_stopped()) return 0;
  static_assert(sizeof(fibersan::StackId) == 4);
  const fibersan::Caller caller = FIBERSAN_CALLER(__fsan_running.context);
  return fiber->info->id << 32 | fibersan::place_of(*fiber, caller);
}

void __fsan_fiber_created_at(struct fsan_fiber* fiber, uint64_t place) {
  if (place == 0 || checking_has_stopped()) return;
  fibersan::set_creator(*fiber->info, place >> 32, static_cast<fibersan::StackId>(place));
}

void __fsan_fiber_named(struct fsan_fiber* fiber, const char* name) {
  if (checking_has_stopped()) return;
  fibersan::name_fiber(*fiber->info, name);
}

void __fsan_fiber_switched_in(struct fsan_fiber* fiber) {
  if (checking_has_stopped()) return;
  if (!fiber->clock.started() && !fiber->checked) {
    fiber->clock.start_without_lane(static_cast<fibersan::SpawnSnapshot&&>(fiber->snapshot),
                                    fiber->info->id);
  } else if (!fiber->clock.started()) {
    fiber->clock.start(static_cast<fibersan::SpawnSnapshot&&>(fiber->snapshot),
                       this_thread.processor, fiber->info->id);
    if (!fiber->clock.covers(fiber->known)) fiber->known = 0;  // F2 of access_fast.h
  }
  fiber->waiting.ends();
  fibersan::go_on_as(fiber);
}

void __fsan_fiber_switched_out(struct fsan_fiber* fiber) {
  if (checking_has_stopped()) return;
  fiber->context = __fsan_running.context;
  fibersan::go_on_as_nobody();
}

void __fsan_fiber_ended(struct fsan_fiber* fiber) {
  if (checking_has_stopped()) return;
  fibersan::drop_released_by_others(*fiber);
  if (!fiber->held_locks.empty()) {
    fibersan::note_left_locked(*fiber);
    const fibersan::HeldLock& lock = fiber->held_locks.all().front();
    fibersan::report_misuse_at(FSAN_FINDING_ENDED_HOLDING_LOCK, lock.lock, *fiber, lock.acquired);
  }
  fibersan::end_fiber(*fiber);
  fibersan::lane_collector.fiber_ended();
  fibersan::forget_old_fibers();
}

void __fsan_fiber_waiting(enum fsan_wait_reason reason, const void* const* objects, size_t count,
                          int timed, uint64_t blocked_by) {
  fsan_fiber* const fiber = this_thread.fiber;
  if (fiber == nullptr) return;
  fibersan::Waiting& waiting = fiber->waiting;
  waiting.reason = reason;
  waiting.timed = timed != 0;
  waiting.reported.store(false, std::memory_order_relaxed);
  waiting.blocked_by = blocked_by;
  waiting.count = count;
  if (count == 1) {
    waiting.only = objects[0];
  } else {
    waiting.several = objects;
  }
  waiting.frame = __builtin_frame_address(0);
  waiting.pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  waiting.begins();
  fibersan::note_stack_use(*fiber, reinterpret_cast<uintptr_t>(waiting.frame));
  // A second read lock that waits behind a writer is recursive all the same.
  if (reason == FSAN_WAIT_RWMUTEX_READ_LOCK && count == 1 &&
      fibersan::holds_for_reading(*fiber, objects[0]))
    __fsan_misuse(FSAN_FINDING_RECURSIVE_READ_LOCK, objects[0]);
  if (fibersan::options.report_thread_locks_over_park != 0) fibersan::look_for_thread_lock(*fiber);
  if (timed != 0) return;
  // It waits for itself to leave.
  if (reason == FSAN_WAIT_RWMUTEX_LOCK && fibersan::holds_for_reading(*fiber, objects[0]))
    __fsan_misuse(FSAN_FINDING_DOUBLE_LOCK, objects[0]);
  fibersan::fiber_blocks(*fiber);
}

}  // extern "C"
