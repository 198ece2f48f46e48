// The operations on one channel: each tries under the lock, and parks if it may wait.
#include "fiber/channel_core.h"
#include "runtime/channel/core.h"
#include "runtime/channel/misuse.h"
#include "runtime/hooks.h"

namespace fiber::internal {

namespace {

void unlock_core(void* core) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  static_cast<ChannelCore*>(core)->lock_.unlock();
}

// Nothing but the deadline ends it.
void wait_for_nil(fsan_wait_reason reason, Deadline deadline) {
  if (has_passed(deadline)) return;
  WaitState state(WaitState::kRivals);
  static_cast<void>(state.block({reason, nullptr, 0}, deadline, nullptr, nullptr));
}

// Parks in the channel's queue, whose lock it takes over. False: not before the deadline.
// The caller holds a reference.
bool park_in(ChannelCore& core, bool sender, void* element, Deadline deadline,
             ChannelWaiter& waiter) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  waiter.element = element;
  core.enqueue(waiter, sender);
  const void* object = &core;
  const fsan_wait_reason reason = sender ? FSAN_WAIT_CHAN_SEND : FSAN_WAIT_CHAN_RECEIVE;
  const bool served = waiter.state->block({reason, &object, 1}, deadline, &unlock_core, &core);
  if (served) {
    core.acquire_partner(waiter, sender);
  } else {
    SpinGuard guard(core.lock_);
    core.dequeue(waiter, sender);
  }
  core.leave(waiter);
  return served;
}

// Keeps the channel alive while its operation is parked.
class Pin {
 public:
  explicit Pin(ChannelCore& core) : core_(core) { core_.add_reference(); }
  ~Pin() { core_.drop_reference(); }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

 private:
  ChannelCore& core_;
};

enum class Sent : uint8_t {
  kDirectly,  // the value was moved out of its place
  kParked,    // the same, unless it was a box: that is gone
  kTimeout,
  kClosed,
};

// With the lock, which it releases. `value` is where a parked sender's has to be.
Sent park_to_send(ChannelCore& core, void* value,
                  Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  hooks::object_read(core.race_point());  // now, not after what a closer may do meanwhile
  Pin pin(core);
  WaitState state(ends_of(deadline));
  ChannelWaiter waiter(state);
  if (!park_in(core, true, value, deadline, waiter)) return Sent::kTimeout;
  return waiter.closed ? Sent::kClosed : Sent::kParked;
}

// Tries, and parks if `may_park`; else kTimeout stands for "would have to".
Sent send_from(ChannelCore& core, void* value, Deadline deadline,
               bool may_park) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  Waiter* partner = nullptr;
  core.lock_.lock();
  const Attempt attempt = core.try_send(value, partner);
  if (attempt == Attempt::kBlocks && may_park) return park_to_send(core, value, deadline);
  core.lock_.unlock();
  if (partner != nullptr) partner->state->wake();
  switch (attempt) {
    case Attempt::kDone:
      return Sent::kDirectly;
    case Attempt::kClosed:
      return Sent::kClosed;
    case Attempt::kBlocks:
      break;
  }
  return Sent::kTimeout;
}

// As send_from, and the value is back in its place unless it was sent.
Sent send_from_box(ChannelCore& core, void* value, Deadline deadline) {
  Pin pin(core);
  void* box = core.make_box(value);
  const Sent sent = send_from(core, box, deadline, true);
  switch (sent) {
    case Sent::kDirectly:
      core.free_box(box);
      break;
    case Sent::kParked:
      break;
    case Sent::kTimeout:
    case Sent::kClosed:
      core.put_back(box, value);
      break;
  }
  return sent;
}

}  // namespace

ChannelCore* create(const ElementType& type, std::size_t capacity) {
  return ChannelCore::make(type, capacity);
}

void retain(ChannelCore* core) noexcept {
  if (core != nullptr) core->add_reference();
}

void release(ChannelCore* core) noexcept {
  if (core != nullptr) core->drop_reference();
}

std::size_t size(const ChannelCore* core) noexcept { return core == nullptr ? 0 : core->size(); }

std::size_t capacity(const ChannelCore* core) noexcept {
  return core == nullptr ? 0 : core->capacity();
}

bool send(ChannelCore* core, void* value, Deadline deadline) {
  if (core == nullptr) {
    wait_for_nil(FSAN_WAIT_NIL_CHAN_SEND, deadline);
    return false;
  }
  const bool boxed = core->needs_box();
  Sent sent = send_from(*core, value, deadline, !boxed && !has_passed(deadline));
  if (sent == Sent::kTimeout && boxed && !has_passed(deadline))
    sent = send_from_box(*core, value, deadline);
  if (sent == Sent::kClosed) send_on_closed(core);
  return sent != Sent::kTimeout;
}

ChannelStatus receive(ChannelCore* core, void* place,
                      Deadline deadline) FIBER_NO_THREAD_SAFETY_ANALYSIS {
  if (core == nullptr) {
    wait_for_nil(FSAN_WAIT_NIL_CHAN_RECEIVE, deadline);
    return ChannelStatus::kTimeout;
  }
  Waiter* partner = nullptr;
  core->lock_.lock();
  const Attempt attempt = core->try_receive(place, partner);
  if (attempt == Attempt::kBlocks && !has_passed(deadline)) {
    Pin pin(*core);
    WaitState state(ends_of(deadline));
    ChannelWaiter waiter(state);
    if (!park_in(*core, false, place, deadline, waiter)) return ChannelStatus::kTimeout;
    return waiter.closed ? ChannelStatus::kClosed : ChannelStatus::kOk;
  }
  core->lock_.unlock();
  if (partner != nullptr) partner->state->wake();
  switch (attempt) {
    case Attempt::kDone:
      return ChannelStatus::kOk;
    case Attempt::kClosed:
      return ChannelStatus::kClosed;
    case Attempt::kBlocks:
      break;
  }
  return ChannelStatus::kTimeout;
}

void close(ChannelCore* core) {
  if (core == nullptr)
    throw_closed(core, FSAN_FINDING_CLOSE_OF_NIL, "close of a nil channel: it has no state");
  Waiter* parked = nullptr;
  core->lock_.lock();
  const bool first = core->close(parked);
  core->lock_.unlock();
  if (!first) {
    throw_closed(core, FSAN_FINDING_CLOSE_OF_CLOSED,
                 "close of a closed channel: one owner closes it, once");
  }
  wake_all(parked);
}

}  // namespace fiber::internal
