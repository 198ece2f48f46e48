#include "runtime/world/picture.h"

#include <sys/mman.h>

#include <algorithm>
#include <functional>

#include "runtime/fiber.h"
#include "runtime/hooks.h"
#include "runtime/local.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"
#include "runtime/worker_threads.h"
#include "runtime/world/code.h"
#include "runtime/world/root_regions.h"

namespace fiber::internal {
namespace {

constexpr size_t kSlack = 1024;  // come between prepare() and draw()

// ThreadSanitizer does not know that everybody stands still.
#define FIBER_READS_STANDING __attribute__((no_sanitize("address", "thread")))

// Would another fiber have to wake it? (I1)
FIBER_READS_STANDING bool waits_for_fibers(const Fiber& fiber) {
  if (fiber.wait_is_timed) return false;
  switch (fiber.reason) {
    case FSAN_WAIT_SLEEP:
    case FSAN_WAIT_IO_WAIT:
    case FSAN_WAIT_BLOCKING_CALL:
    case FSAN_WAIT_REASON_COUNT:
      return false;
    default:
      return true;
  }
}

}  // namespace

void* map_pages(size_t bytes) {
  const hooks::OwnWork own_work;  // what lies there is no root
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void unmap_pages(void* memory, size_t bytes) { munmap(memory, bytes); }

FIBER_READS_STANDING bool Picture::anybody_waits(Clock::time_point since) {
  struct Search {
    int64_t since;
    bool found;
  } search = {since.time_since_epoch().count(), false};
  stack_pool().for_each(
      [](Stack* stack, void* argument) FIBER_READS_STANDING {
        auto& search = *static_cast<Search*>(argument);
        if (search.found) return;
        const Fiber& fiber = *Fiber::at(stack);
        search.found = fiber.state.peek() == FiberState::kParked && waits_for_fibers(fiber) &&
                       fiber.parked_at <= search.since;
      },
      &search);
  return search.found;
}

bool Picture::prepare() {
  const size_t stacks = stack_pool().extent().stacks;
  const size_t threads = worker_threads.count();
  return fibers_.reserve(stacks + stacks / 4 + kSlack) && threads_.reserve(2 * threads + kSlack) &&
         on_stacks_.reserve(2 * threads + kSlack) &&
         roots_.reserve(root_regions.count() + kSlack) && kernel_words_.prepare();
}

bool Picture::draw(Stop& stop, const OwnPlace& own, Clock::time_point since, bool run_is_over) {
  since_ = since.time_since_epoch().count();
  fibers_.clear();
  threads_.clear();
  roots_.clear();
  on_stacks_.clear();
  add_threads(stop, own);
  stack_pool().for_each(
      [](Stack* stack, void* picture) { static_cast<Picture*>(picture)->add_stack(stack); }, this);
  scheduler.timers.for_each_armed(
      [](const void* low, const void* high, void* picture) {
        static_cast<Picture*>(picture)->add_root(low, high);
      },
      this);
  add_kernel_words();
  root_regions.for_each(
      [](const fsan_range& range, void* picture) {
        static_cast<Picture*>(picture)->add_root(range.low, range.high);
      },
      this);
  world_ = {};
  world_.fibers = fibers_.data();
  world_.fiber_count = fibers_.size();
  world_.threads = threads_.data();
  world_.thread_count = threads_.size();
  world_.roots = roots_.data();
  world_.root_count = roots_.size();
  world_.run_is_over = run_is_over ? 1 : 0;
  return !full_;
}

void Picture::add_root(const void* low, const void* high) { full_ |= !roots_.add({low, high}); }

// Descriptors that the program waits for by itself: what epoll hands back may be all that refers
// to a channel.
void Picture::add_kernel_words() {
  if (kernel_words_.count() != 0)
    add_root(kernel_words_.words(), kernel_words_.words() + kernel_words_.count());
}

// --- threads ---

void Picture::add_threads(Stop& stop, const OwnPlace& own) {
  StoppedThread self;
  self.id = stop.own_id();
  self.worker = current_worker();
  self.thread_pointer = stop.own_thread_pointer();
  self.stack_pointer = own.stack_pointer;
  self.registers = own.registers;
  add_thread(self);
  threads_[0].may_be_waking = 0;  // it looks
  for (size_t i = 0; i < stop.thread_count(); ++i) {
    if (stop.stands_still(i)) add_thread(stop.thread(i));
  }
  std::sort(on_stacks_.data(), on_stacks_.data() + on_stacks_.size(),
            [](const OnStack& a, const OnStack& b) { return std::less<>()(a.fiber, b.fiber); });
}

FIBER_READS_STANDING void Picture::add_thread(const StoppedThread& thread) {
  const Stack* stack = stack_pool().find(thread.stack_pointer);
  bool may_be_waking = true;
  if (stack != nullptr) {
    full_ |= !on_stacks_.add({Fiber::at(const_cast<Stack*>(stack)), thread.stack_pointer});
    may_be_waking = thread.locks_held != 0 ||
                    runtime_is_at_work(thread.pc, thread.frame, stack->low, stack->high());
  } else if (thread.worker != nullptr) {
    may_be_waking = !thread.worker->sleeps();
  }
  const void* own_stack = thread.worker == nullptr ? nullptr : thread.worker->own_stack();
  full_ |= !threads_.add({thread.id, thread.thread_pointer, thread.stack_pointer, thread.registers,
                          own_stack, may_be_waking ? 1 : 0});
}

// --- fibers ---

FIBER_READS_STANDING void Picture::add_stack(Stack* stack) {
  const Fiber& fiber = *Fiber::at(stack);
  const FiberState state = fiber.state.peek();
  if (state == FiberState::kStopped) return;
  if (state != FiberState::kIdle) {
    add_fiber(fiber, state);
  } else if (fiber.callable != nullptr) {  // I2
    add_root(fiber.callable, stack->high());
  }
}

FIBER_READS_STANDING void Picture::add_fiber(const Fiber& fiber, FiberState state) {
  const bool blocked = state == FiberState::kParked && waits_for_fibers(fiber);
  fsan_world_fiber is = {};
  is.fiber = fiber.detector;
  is.id = fiber.id;
  is.wait = fiber.waits;
  is.stack_pointer = stack_pointer_of(fiber, state);
  is.user_low = is.stack_pointer;
  is.user_high = &fiber;
  is.stack_high = fiber.stack->high();
  is.activity = blocked ? FSAN_ACTIVITY_BLOCKED : FSAN_ACTIVITY_LIVE;
  if (is.fiber == nullptr) is.activity = FSAN_ACTIVITY_GONE;  // its end is under way
  if (blocked) is.user_low = first_user_address(fiber.parked_frame, is.stack_pointer, is.user_high);
  is.waits_briefly = blocked && fiber.parked_at > since_ ? 1 : 0;
  if (fiber.locals != nullptr) is.belongings = {fiber.locals, fiber.locals + 1};
  is.caught_exceptions = fiber.thread_state.caught_exceptions;
  full_ |= !fibers_.add(is);
}

FIBER_READS_STANDING const void* Picture::stack_pointer_of(const Fiber& fiber, FiberState state) {
  if (state == FiberState::kParked || state == FiberState::kRunnable) return fiber.context;
  const OnStack* end = on_stacks_.data() + on_stacks_.size();
  const OnStack* found = std::lower_bound(
      on_stacks_.data(), const_cast<OnStack*>(end), &fiber,
      [](const OnStack& entry, const Fiber* wanted) { return std::less<>()(entry.fiber, wanted); });
  if (found != end && found->fiber == &fiber) return found->stack_pointer;
  // In a signal handler on another stack, or in the middle of a switch.
  return fiber.stack->low;
}

}  // namespace fiber::internal
