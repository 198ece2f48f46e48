#include "runtime/net/poll_record.h"

#include "fiber/net.h"
#include "runtime/net/poller.h"
#include "runtime/net/record_pool.h"

namespace fiber::internal {
namespace {

int64_t nanoseconds(Clock::time_point time) { return time.time_since_epoch().count(); }

}  // namespace

PollRecord* PollRecord::take(int fd) {
  PollRecord* record = record_pool.take();
  record->fd_ = fd;
  record->closed_.store(false, std::memory_order_relaxed);
  record->eventful_.store(false, std::memory_order_relaxed);
  for (Side& side : record->sides_) {
    side.word.store(kNone, std::memory_order_relaxed);
    side.deadline.store(kNever, std::memory_order_relaxed);
  }
  return record;
}

void PollRecord::give(PollRecord* record) {
  if (record->registered()) {
    poller.remove(record->fd_);
    record->registered_.store(false, std::memory_order_relaxed);
  }
  for (Side& side : record->sides_) {
    SpinGuard guard(record->lock_);
    // A callback that still runs must not arm it again.
    side.deadline.store(kNever, std::memory_order_seq_cst);
    side.disarm();
    side.armed_for.store(kNever, std::memory_order_relaxed);
  }
  // release [R1]: pairs with [A1] in of_key(); the record is of another use from now on (I1).
  record->generation_.fetch_add(1, std::memory_order_release);
  record->fd_ = -1;
  record_pool.give(record);
}

// Addresses of user space have 47 bits, 7 of them zero here: 40 bits and 24 of the generation.
uint64_t PollRecord::key() const {
  return (reinterpret_cast<uint64_t>(this) >> 7) << 24 |
         (generation_.load(std::memory_order_relaxed) & 0xffffff);
}

PollRecord* PollRecord::of_key(uint64_t key) {
  auto* record = reinterpret_cast<PollRecord*>((key >> 24) << 7);
  // acquire [A1]: pairs with [R1].
  const uint32_t generation = record->generation_.load(std::memory_order_acquire);
  return (generation & 0xffffff) == (key & 0xffffff) ? record : nullptr;
}

// --- waiting ---

struct PollRecord::Publish {
  PollRecord* record;
  Side* side;
  Fiber* fiber;
};

bool PollRecord::passed(const Side& side) {
  const int64_t deadline = side.deadline.load(std::memory_order_seq_cst);
  return deadline != kNever && deadline <= nanoseconds(Clock::now());
}

bool PollRecord::timer_suffices(const Side& side) {
  // seq_cst: after the deadline was stored; pairs with expired() (I4).
  const int64_t deadline = side.deadline.load(std::memory_order_seq_cst);
  return deadline == kNever || side.armed_for.load(std::memory_order_seq_cst) <= deadline;
}

std::error_code PollRecord::status(Direction direction) const {
  if (closed_.load(std::memory_order_relaxed)) return NetError::kClosed;
  if (passed(side(direction))) return NetError::kDeadlineExceeded;
  return {};
}

std::error_code PollRecord::wait(Direction direction) {
  Side& side = this->side(direction);
  for (;;) {
    if (const std::error_code error = status(direction)) return error;
    uintptr_t ready = kReadyWord;
    // acquire [A2]: what the poller saw. Pairs with [R2] in take_waiter().
    if (side.word.compare_exchange_strong(ready, kNone, std::memory_order_acquire)) return {};
    Fiber* fiber = current_fiber();
    if (fiber == nullptr) return NetError::kNeedsFiber;
    int error = poller.fiber_waits();
    if (error == 0 && !registered()) error = enlist();
    if (error != 0) return {error, std::system_category()};
    if (!timer_suffices(side)) arm_timer(side);
    Publish arguments{this, &side, fiber};
    const bool timed = side.deadline.load(std::memory_order_relaxed) != kNever;
    park({FSAN_WAIT_IO_WAIT, nullptr, 0, timed}, &PollRecord::publish, &arguments);
  }
}

// On the worker's stack, when the fiber can be woken.
void PollRecord::publish(void* argument) {
  const auto& [record, side, fiber] = *static_cast<Publish*>(argument);
  Side& of = *side;
  Fiber* self = fiber;
  uintptr_t seen = kNone;
  // seq_cst [P]: pairs with [C] (I3).
  if (!of.word.compare_exchange_strong(seen, reinterpret_cast<uintptr_t>(self),
                                       std::memory_order_seq_cst)) {
    ready(self);  // an edge came
    return;
  }
  const bool closed = record->closed_.load(std::memory_order_seq_cst);
  if (!closed && timer_suffices(of) && !passed(of)) return;
  // Somebody may have taken it out meanwhile, and wakes it then.
  if (take_waiter(of, /*ready=*/false) == self) ready(self);
}

// Takes the waiting fiber out. `ready`: leaves kReady behind, for the waiter or the next one.
Fiber* PollRecord::take_waiter(Side& side, bool ready) {
  uintptr_t seen = side.word.load(std::memory_order_seq_cst);  // [C]
  for (;;) {
    if (seen == kReadyWord || (seen == kNone && !ready)) return nullptr;
    // release [R2]: pairs with [A2]. seq_cst [C]: pairs with [P] (I3).
    if (side.word.compare_exchange_weak(seen, ready ? kReadyWord : kNone,
                                        std::memory_order_seq_cst)) {
      return reinterpret_cast<Fiber*>(seen);
    }
  }
}

void PollRecord::evict() {
  closed_.store(true, std::memory_order_seq_cst);  // before [C]
  for (Side& side : sides_) {
    if (Fiber* fiber = take_waiter(side, /*ready=*/false)) ready(fiber);
  }
}

// Returns 0 or an errno.
int PollRecord::enlist() {
  SpinGuard guard(lock_);
  if (registered()) return 0;
  const int error = poller.add(fd_, key());
  if (error == 0) registered_.store(true, std::memory_order_relaxed);
  return error;
}

// --- deadlines ---

void PollRecord::set_deadline(Direction direction, Clock::time_point deadline) {
  Side& side = this->side(direction);
  side.deadline.store(nanoseconds(deadline), std::memory_order_seq_cst);  // before [C]
  if (passed(side)) {
    if (Fiber* fiber = take_waiter(side, /*ready=*/false)) ready(fiber);
    return;
  }
  // Before the first wait of a run there is nobody to wake and perhaps nothing to fire timers.
  if (!timer_suffices(side) && poller.run_is_on()) arm_timer(side);
}

void PollRecord::arm_timer(Side& side) {
  SpinGuard guard(lock_);
  if (closed_.load(std::memory_order_relaxed) || timer_suffices(side)) return;
  side.disarm();
  const int64_t deadline = side.deadline.load(std::memory_order_seq_cst);
  side.armed_for.store(deadline, std::memory_order_seq_cst);
  if (deadline != kNever) side.arm(Clock::time_point(Clock::duration(deadline)), expired);
}

// Takes no lock: arm_timer() holds ours while it waits for this to end. It arms the timer
// again as its last deed, which disarm() then undoes.
void PollRecord::expired(Timer* timer) {
  Side& side = *static_cast<Side*>(timer);
  // seq_cst: either who moves the deadline sees that nothing is armed, or we see the new one.
  side.armed_for.store(kNever, std::memory_order_seq_cst);
  const int64_t deadline = side.deadline.load(std::memory_order_seq_cst);
  if (deadline == kNever) return;
  if (deadline <= nanoseconds(Clock::now())) {
    if (Fiber* fiber = take_waiter(side, /*ready=*/false)) ready(fiber);
    return;
  }
  side.armed_for.store(deadline, std::memory_order_seq_cst);
  side.arm(Clock::time_point(Clock::duration(deadline)), expired);
}

// --- all records ---

bool PollRecord::has_waiter() const {
  for (const Side& side : sides_) {
    if (side.word.load(std::memory_order_relaxed) > kReadyWord) return true;
  }
  return false;
}

void PollRecord::forget_waiters() {
  for (Side& side : sides_) {
    if (side.word.load(std::memory_order_relaxed) > kReadyWord)
      side.word.store(kNone, std::memory_order_relaxed);
    side.armed_for.store(kNever, std::memory_order_relaxed);  // the run took all timers along
  }
}

bool PollRecord::for_each(bool (*visit)(PollRecord&, void*), void* argument) {
  return record_pool.for_each(visit, argument);
}

}  // namespace fiber::internal
