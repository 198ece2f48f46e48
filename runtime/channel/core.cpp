#include "runtime/channel/core.h"
#include "runtime/hooks.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

#include "runtime/memory.h"
#include "runtime/time/armed_sync.h"
#include "runtime/time/ticks.h"

namespace fiber::internal {

// One block: the core, capacity + 1 Syncs, pointers to them, the slots.
struct ChannelCore::Layout {
  size_t syncs;
  size_t pointers;
  size_t slots;
  size_t stride;
  size_t size;
  size_t alignment;
};

namespace {

// Detector memory is forgotten by whole words.
constexpr size_t kWord = 8;

size_t round_up(size_t size, size_t alignment) { return (size + alignment - 1) & -alignment; }

}  // namespace

ChannelCore::Layout ChannelCore::layout_of(const ElementType& type, size_t capacity) {
  constexpr size_t kMost = PTRDIFF_MAX;
  Layout layout{};
  layout.stride = type.move_construct == nullptr ? type.size : round_up(type.size, kWord);
  layout.alignment = std::max(std::max(type.alignment, alignof(ChannelCore)), kWord);
  layout.syncs = sizeof(ChannelCore);
  const size_t each = layout.stride + sizeof(SlotSync) + sizeof(SlotSync*);
  if (capacity > (kMost - sizeof(ChannelCore) - sizeof(SlotSync) - 2 * layout.alignment) / each)
    throw std::length_error("fiber::Channel: the capacity is larger than any memory");
  layout.pointers = layout.syncs + (capacity == 0 ? 0 : (capacity + 1) * sizeof(SlotSync));
  layout.slots = round_up(layout.pointers + capacity * sizeof(SlotSync*), layout.alignment);
  layout.size = layout.slots + capacity * layout.stride;
  return layout;
}

ChannelCore* ChannelCore::make(const ElementType& type, size_t capacity) {
  const Layout layout = layout_of(type, capacity);
  auto* core = new (allocate(layout.size, layout.alignment)) ChannelCore(type, capacity, layout);
  __fsan_object_created(core, sizeof(ChannelCore), FSAN_OBJECT_CHANNEL);
  return core;
}

ChannelCore::ChannelCore(const ElementType& type, size_t capacity, const Layout& layout)
    : type_(type),
      capacity_(capacity),
      stride_(layout.stride),
      slots_(reinterpret_cast<std::byte*>(this) + layout.slots),
      syncs_(reinterpret_cast<SlotSync*>(reinterpret_cast<std::byte*>(this) + layout.syncs),
             reinterpret_cast<SlotSync**>(reinterpret_cast<std::byte*>(this) + layout.pointers),
             capacity) {}

void ChannelCore::destroy() {
  if (ticks != nullptr) Ticks::destroy(ticks);
  const Layout layout = layout_of(type_, capacity_);
  __fsan_object_destroyed(this, sizeof(*this));
  this->~ChannelCore();
  deallocate(this, layout.size, layout.alignment);
}

// Values that nobody has received are destroyed by the last owner, after their sends.
ChannelCore::~ChannelCore() {
  if (type_.destroy == nullptr) return;
  for (size_t left = count(), i = head_; left > 0; --left, i = next(i)) {
    hooks::acquire(syncs_.at(i));
    void* box = syncs_.at(i)->box;
    type_.destroy(box != nullptr ? box : slot(i));
    if (box != nullptr) deallocate(box, type_.size, type_.alignment);
  }
}

void ChannelQueue::push_back(ChannelWaiter& waiter) {
  waiter.next = nullptr;
  waiter.queued = true;
  if (empty()) {
    waiter.previous = nullptr;
    first_.store(&waiter, std::memory_order_relaxed);  // as in empty()
  } else {
    waiter.previous = last_;
    last_->next = &waiter;
  }
  last_ = &waiter;
}

void ChannelQueue::remove(ChannelWaiter& waiter) {
  if (waiter.previous == nullptr)
    first_.store(waiter.next, std::memory_order_relaxed);  // as in empty()
  else
    waiter.previous->next = waiter.next;
  (waiter.next != nullptr ? waiter.next->previous : last_) = waiter.previous;
  waiter.queued = false;
}

ChannelWaiter* ChannelQueue::pop_claimed() {
  while (Waiter* first = first_.load(std::memory_order_relaxed)) {  // as in empty()
    auto* waiter = static_cast<ChannelWaiter*>(first);
    remove(*waiter);
    if (waiter->state->claim()) return waiter;
  }
  return nullptr;
}

void ChannelCore::move(void* to, void* from) const {
  if (type_.move_construct != nullptr) {
    type_.move_construct(to, from);
  } else if (type_.size == 4) {  // the sizes of most channels are not worth a call
    std::memcpy(to, from, 4);
  } else if (type_.size == 8) {
    std::memcpy(to, from, 8);
  } else {
    std::memcpy(to, from, type_.size);
  }
}

Attempt ChannelCore::try_send(void* value, Waiter*& partner) {
  if (is_closed()) {
    hooks::object_read(race_point());
    return Attempt::kClosed;
  }
  if (!receivers_.empty()) {
    if (ChannelWaiter* receiver = receivers_.pop_claimed()) {
      hooks::object_read(race_point());
      send_to_parked(*receiver, value);
      partner = receiver;
      return Attempt::kDone;
    }
  }
  if (count() == capacity_) return Attempt::kBlocks;
  hooks::object_read(race_point());
  move(slot(tail_), value);
  syncs_.swap(tail_);
  tail_ = next(tail_);
  set_count(count() + 1);
  return Attempt::kDone;
}

// The place is the receiver's own: it has forgotten it before it parked (C4).
void ChannelCore::send_to_parked(ChannelWaiter& receiver, void* value) {
  if (capacity_ == 0) {
    hooks::acquire(receiver.sync);
    move(receiver.element, value);
    hooks::release(receiver.sync);
  } else {
    // As if it went through the buffer, which is empty (C1).
    move(receiver.element, value);
    syncs_.swap(tail_);
    syncs_.swap_parked(tail_, receiver.sync);
    head_ = tail_ = next(tail_);
  }
  settle(receiver);
}

Attempt ChannelCore::try_receive(void* place, Waiter*& partner) {
  if (count() > 0) {
    take(place);
    // The slot at tail_ is the one that became free.
    if (!senders_.empty()) {
      if (ChannelWaiter* sender = senders_.pop_claimed()) {
        refill_from_parked(*sender);
        partner = sender;
      }
    }
    return Attempt::kDone;
  }
  if (!senders_.empty()) {
    if (ChannelWaiter* sender = senders_.pop_claimed()) {
      partner = receive_from_parked(*sender, place);
      return Attempt::kDone;
    }
  }
  if (!is_closed()) return Attempt::kBlocks;
  hooks::acquire(&closed_);
  return Attempt::kClosed;
}

void ChannelCore::take(void* place) {
  SlotSync* sync = syncs_.at(head_);
  syncs_.swap(head_);
  if (sync->box != nullptr) {
    move(place, sync->box);
    free_box(sync->box);
    sync->box = nullptr;
  } else {
    move(place, slot(head_));
    if (type_.move_construct != nullptr) {
      if (type_.destroy != nullptr) type_.destroy(slot(head_));
      __fsan_memory_forgotten(slot(head_), stride_);
    }
  }
  head_ = next(head_);
  set_count(count() - 1);
}

void ChannelCore::refill_from_parked(ChannelWaiter& sender) {
  if (sender.sync->box == nullptr) move(slot(tail_), sender.element);
  syncs_.swap_parked(tail_, sender.sync);
  tail_ = next(tail_);
  set_count(count() + 1);
  settle(sender);
}

Waiter* ChannelCore::receive_from_parked(ChannelWaiter& sender, void* place) {
  if (sender.taken != nullptr) {
    hooks::acquire(sender.armed);
    move(place, sender.element);
    sender.taken(sender);
    return nullptr;
  }
  hooks::acquire(sender.sync);
  move(place, sender.element);
  hooks::release(sender.sync);
  settle(sender);
  return &sender;
}

Waiter* ChannelCore::send_tick(ChannelWaiter& tick, ArmedSync& armed) {
  if (ChannelWaiter* receiver = receivers_.pop_claimed()) {
    move(receiver->element, tick.element);
    receiver->armed = armed.share();
    settle(*receiver);
    return receiver;
  }
  tick.armed = &armed;
  senders_.push_back(tick);
  return nullptr;
}

void ChannelCore::settle(ChannelWaiter& waiter) {
  if (waiter.winner != nullptr) *waiter.winner = &waiter;
}

bool ChannelCore::close(Waiter*& parked) {
  if (is_closed()) return false;
  __fsan_object_written(race_point(), 1);
  hooks::release(&closed_);
  __fsan_channel_closed(this);
  closed_.store(true, std::memory_order_relaxed);
  Waiter** end = &parked;
  for (ChannelQueue* queue : {&receivers_, &senders_}) {
    while (ChannelWaiter* waiter = queue->pop_claimed()) {
      waiter->closed = true;
      settle(*waiter);
      waiter->next = nullptr;
      *end = waiter;
      end = &waiter->next;
    }
  }
  return true;
}

void ChannelCore::enqueue(ChannelWaiter& waiter, bool sender) {
  waiter.sync = &waiter.unbuffered;
  if (capacity_ > 0) {
    waiter.sync = syncs_.take();
    waiter.sync->box = sender && needs_box() ? waiter.element : nullptr;
  }
  if (!sender && needs_box()) __fsan_memory_forgotten(waiter.element, stride_);
  hooks::release(waiter.sync);
  (sender ? senders_ : receivers_).push_back(waiter);
}

void ChannelCore::dequeue(ChannelWaiter& waiter, bool sender) {
  if (waiter.queued) (sender ? senders_ : receivers_).remove(waiter);
}

void ChannelCore::leave(ChannelWaiter& waiter) {
  if (capacity_ == 0) return;
  waiter.sync->box = nullptr;
  syncs_.give_back(waiter.sync);
}

void ChannelCore::acquire_partner(ChannelWaiter& waiter, bool sender) {
  if (waiter.armed != nullptr) {
    waiter.armed->acquire_and_drop();
  } else if (!waiter.closed) {
    hooks::acquire(waiter.sync);
  } else if (!sender) {
    hooks::acquire(&closed_);
  }
}

void* ChannelCore::make_box(void* value) const {
  void* box = allocate(type_.size, type_.alignment);
  type_.move_construct(box, value);
  return box;
}

void ChannelCore::put_back(void* box, void* value) const {
  if (type_.destroy != nullptr) type_.destroy(value);
  type_.move_construct(value, box);
  free_box(box);
}

void ChannelCore::free_box(void* box) const {
  if (type_.destroy != nullptr) type_.destroy(box);
  deallocate(box, type_.size, type_.alignment);
}

}  // namespace fiber::internal
