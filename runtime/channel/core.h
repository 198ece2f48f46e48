// core.h: the state of one channel, and what can be done to it under its lock.
//
// Input:    values by address, moved as the ElementType says.
// Output:   moved values; fibers to wake once the lock is released; the hooks of each step.
// State:    a ring of `capacity` values, two queues of parked fibers, a count of references.
// Cost:     one allocation for each channel; two locked instructions for an operation that
//           does not wait; nothing is allocated unless a fiber parks (slot_syncs.h).
// Threads:  lock_ guards everything but the references. Locks of several channels are taken
//           in ascending order of address.
// Not here: blocking, see send_receive.cpp and select.cpp.
//
// Invariants
//   C1  Receivers are parked only while the buffer is empty and nobody sends; senders
//       only while it is full and nobody receives. Nobody is parked on a closed channel.
//   C2  A blocked partner is served directly: its value or place is used at once, then it
//       is woken. Who was served does not touch the channel's queues again.
//   C3  The release of lock_ is an operation's last touch of the core, unless it has
//       parked: then it holds a reference.
//   C4  Values in slots are moved by code that the detector may check, in the name of the
//       fiber that runs. It never touches memory that an unordered fiber has touched: a
//       slot is forgotten when its value has left, and a parked sender has moved its value
//       into a box.
#ifndef FIBERSAN_RUNTIME_CHANNEL_CORE_H
#define FIBERSAN_RUNTIME_CHANNEL_CORE_H

#include <atomic>
#include <cstddef>

#include "fiber/channel_core.h"
#include "runtime/channel/slot_syncs.h"
#include "runtime/lock.h"
#include "runtime/sync/waiter.h"

namespace fiber::internal {

class ArmedSync;
class Ticks;

// One case of a blocking operation, in the queue of its channel.
struct ChannelWaiter : Waiter {
  using Waiter::Waiter;
  void* element = nullptr;           // the value to send, or the place to receive
  SlotSync* sync = nullptr;          // released at park, acquired after
  SlotSync unbuffered;               // what `sync` is when there are no slots
  bool closed = false;               // woken by close() instead of being served
  ChannelWaiter** winner = nullptr;  // select: set to the case that was claimed
  // A tick: the timer is told, under the lock, that its value was received; nobody is woken.
  void (*taken)(ChannelWaiter& tick) = nullptr;
  ArmedSync* armed = nullptr;  // a receiver that got a tick acquires this instead of `sync`
};

// Who is parked on a channel, in order of arrival. Its lock guards it, except that anybody
// may ask at any time whether it looks empty.
class ChannelQueue {
 public:
  // relaxed: without the lock a hint, under it nobody else writes.
  bool empty() const { return first_.load(std::memory_order_relaxed) == nullptr; }
  void push_back(ChannelWaiter& waiter);
  void remove(ChannelWaiter& waiter);
  // The first one whose wait could be claimed; those that could not are taken out, too.
  [[nodiscard]] ChannelWaiter* pop_claimed();

 private:
  std::atomic<Waiter*> first_{nullptr};
  Waiter* last_ = nullptr;
};

enum class Attempt : uint8_t { kDone, kClosed, kBlocks };

class ChannelCore {
 public:
  static ChannelCore* make(const ElementType& type, size_t capacity);
  void add_reference() {
    // relaxed: whoever copies a handle has one.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop_reference() {
    // release [R1]: what other owners did is over before the last one frees the core.
    // acquire: the last one. Pairs with [R1].
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }

  // A value has left to, or comes from, the running fiber. `partner` is claimed, and to be
  // woken when the lock has been released; else null.
  [[nodiscard]] Attempt try_send(void* value, Waiter*& partner) FIBER_REQUIRES(lock_);
  [[nodiscard]] Attempt try_receive(void* place, Waiter*& partner) FIBER_REQUIRES(lock_);
  // False: was closed before. Everybody who was parked, linked by `next`, is to be woken.
  [[nodiscard]] bool close(Waiter*& parked) FIBER_REQUIRES(lock_);

  // By a timer on a worker's stack, where no hook can be called: to a parked receiver, who is
  // to be woken then; else the tick is a sender that waits, until dequeue(). Unbuffered.
  [[nodiscard]] Waiter* send_tick(ChannelWaiter& tick, ArmedSync& armed) FIBER_REQUIRES(lock_);

  // Would try_send or try_receive do something else than block? (They may find that the
  // partner was taken by another channel.) Without the lock a hint: it may be wrong at once,
  // and also say no in the middle of an operation after which it still says yes.
  bool can_send() const { return is_closed() || !receivers_.empty() || count() < capacity_; }
  bool can_receive() const { return count() > 0 || !senders_.empty() || is_closed(); }

  // The running fiber stands in a queue from now on / no longer.
  void enqueue(ChannelWaiter& waiter, bool sender) FIBER_REQUIRES(lock_);
  void dequeue(ChannelWaiter& waiter, bool sender) FIBER_REQUIRES(lock_);
  // Of every waiter at the end, lock held or not: its Sync goes back.
  void leave(ChannelWaiter& waiter);
  // After block(), for the case that was claimed: what the partner did, or close(), happens
  // before what follows. A sender learns nothing from close().
  void acquire_partner(ChannelWaiter& waiter, bool sender);

  // A send that has to park moves its value into a box before (C4).
  bool needs_box() const { return capacity_ > 0 && type_.move_construct != nullptr; }
  void* make_box(void* value) const;
  void put_back(void* box, void* value) const;  // and frees the box
  void free_box(void* box) const;               // whose value has been moved out

  bool closed() const { return is_closed(); }
  size_t size() const { return count(); }
  size_t capacity() const { return capacity_; }
  // A send and a close that are not ordered are a race of the program, on the address by
  // which the channel is known.
  const void* race_point() const { return this; }

  SpinLock lock_{LockRank::kChannel};
  Ticks* ticks = nullptr;  // of a timer's channel, which lives as long as the channel

 private:
  // Beside the lock what changes under it; behind that what does not.
  std::atomic<bool> closed_{false};
  size_t head_ FIBER_GUARDED_BY(lock_) = 0;  // the oldest value
  size_t tail_ FIBER_GUARDED_BY(lock_) = 0;  // the next free slot
  std::atomic<size_t> count_{0};
  ChannelQueue senders_;
  ChannelQueue receivers_;

  struct Layout;
  ChannelCore(const ElementType& type, size_t capacity, const Layout& layout);
  ~ChannelCore();
  void destroy();
  static Layout layout_of(const ElementType& type, size_t capacity);

  // relaxed: written under the lock; size() and hints want no order.
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }
  size_t count() const { return count_.load(std::memory_order_relaxed); }
  void set_count(size_t count) { count_.store(count, std::memory_order_relaxed); }
  size_t next(size_t slot) const { return slot + 1 == capacity_ ? 0 : slot + 1; }
  void* slot(size_t i) const { return slots_ + i * stride_; }

  void move(void* to, void* from) const;
  void take(void* place) FIBER_REQUIRES(lock_);
  void send_to_parked(ChannelWaiter& receiver, void* value) FIBER_REQUIRES(lock_);
  // Returns whom to wake.
  Waiter* receive_from_parked(ChannelWaiter& sender, void* place) FIBER_REQUIRES(lock_);
  void refill_from_parked(ChannelWaiter& sender) FIBER_REQUIRES(lock_);
  static void settle(ChannelWaiter& waiter);

  const ElementType type_;
  const size_t capacity_;
  const size_t stride_;
  std::byte* const slots_;
  SlotSyncs syncs_;
  std::atomic<size_t> references_{1};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CHANNEL_CORE_H
