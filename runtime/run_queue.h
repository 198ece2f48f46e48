// run_queue.h: the runnable fibers of one processor: a ring and a next slot.
//
// Input:    push and take by the owner, steal by any other processor.
// State:    ring_[head_ .. tail_), indices modulo kCapacity; next_, the fiber that was made
//           ready last and runs next, while its data is warm.
// Cost:     a store to push, one compare-exchange to take; a steal copies half.
// Threads:  tail_ is written by the owner alone; head_ and next_ by everybody.
// Not here: when the next slot is passed over so that it cannot starve the ring, see
//           policy.h; waking a processor for what was pushed, see idle.h.
//
// After Go's runq (proc.go): a thief reserves by moving head_, so an entry is read before
// it is known to be ours and dropped when the exchange fails. The indices are 32 bits: a
// thief that sleeps through exactly 2^32 takes would be fooled.
//
// Invariants
//   I1  tail_ - head_ <= kCapacity.
//   I2  An entry is overwritten only after head_ has passed it.
#ifndef FIBERSAN_RUNTIME_RUN_QUEUE_H
#define FIBERSAN_RUNTIME_RUN_QUEUE_H

#include <atomic>
#include <cstdint>

namespace fiber::internal {

// Items on their way from one queue to another; the items themselves are not touched, they
// are cold.
template <typename Item, uint32_t kCapacity>
struct Batch {
  uint32_t count = 0;
  Item* items[kCapacity];

  void append(Item* item) { items[count++] = item; }
};

template <typename Item, uint32_t kCapacity = 256>
class RunQueue {
  static_assert(kCapacity >= 2 && (kCapacity & (kCapacity - 1)) == 0);

 public:
  // Half a ring and the item that found it full.
  using Overflow = Batch<Item, kCapacity / 2 + 1>;

  // Owner. Appends to the ring; false when it is full.
  [[nodiscard]] bool push(Item* item) {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    // acquire [A1]: thieves have read the entries that we overwrite (I2). Pairs with [R1].
    if (tail - head_.load(std::memory_order_acquire) >= kCapacity) return false;
    entry(tail).store(item, std::memory_order_relaxed);
    // release [R2]: the entry and the item. Pairs with [A2].
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Owner, after push() has failed: the older half of the ring, for the global queue. False
  // when a thief was faster: there is room now.
  [[nodiscard]] bool take_half(Overflow& out) {
    constexpr uint32_t kHalf = kCapacity / 2;
    uint32_t head = head_.load(std::memory_order_relaxed);
    if (tail_.load(std::memory_order_relaxed) - head < kCapacity) return false;
    for (uint32_t i = 0; i < kHalf; ++i) {
      out.items[i] = entry(head + i).load(std::memory_order_relaxed);
    }
    // Relaxed: as in take().
    if (!head_.compare_exchange_strong(head, head + kHalf, std::memory_order_relaxed,
                                       std::memory_order_relaxed)) {
      return false;
    }
    out.count = kHalf;
    return true;
  }

  // Owner. The item runs next; the one that it displaces is returned, for push().
  [[nodiscard]] Item* push_next(Item* item) {
    // release [R3]: the item. Pairs with [A3]. No acquire: what is displaced we pushed.
    return next_.exchange(item, std::memory_order_release);
  }

  // Owner.
  Item* take_next() {
    if (next_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    // An exchange, for a thief may be faster. Relaxed: what is there we pushed.
    return next_.exchange(nullptr, std::memory_order_relaxed);
  }

  // Owner. The oldest of the ring.
  Item* take() {
    uint32_t head = head_.load(std::memory_order_relaxed);
    for (;;) {
      if (head == tail_.load(std::memory_order_relaxed)) return nullptr;
      Item* item = entry(head).load(std::memory_order_relaxed);
      // One of the following will be needed soon and is cold when there are many; a stale
      // entry does no harm.
      __builtin_prefetch(entry(head + 2).load(std::memory_order_relaxed));
      // Relaxed: entries and items are our own; the exchange continues the release
      // sequence of a thief's [R1].
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
        return item;
      }
    }
  }

  // By the owner of the empty queue `to`: half of our ring moves there; the last of it is
  // returned instead. Null when there is nothing.
  Item* steal_into(RunQueue& to) {
    // acquire [A1]: thieves of `to` have read the entries that we overwrite.
    static_cast<void>(to.head_.load(std::memory_order_acquire));
    // Relaxed: when it is stale, the exchange below fails.
    uint32_t head = head_.load(std::memory_order_relaxed);
    for (;;) {
      // acquire [A2]: the entries and items up to tail. Pairs with [R2].
      const uint32_t tail = tail_.load(std::memory_order_acquire);
      const uint32_t count = (tail - head) - (tail - head) / 2;
      if (count == 0) return nullptr;
      if (count > kCapacity / 2) {  // head and tail were read at different times
        head = head_.load(std::memory_order_relaxed);
        continue;
      }
      const uint32_t end = to.tail_.load(std::memory_order_relaxed);
      for (uint32_t i = 0; i < count; ++i) {
        to.entry(end + i).store(entry(head + i).load(std::memory_order_relaxed),
                                std::memory_order_relaxed);
      }
      // release [R1]: we have read the entries. Pairs with [A1].
      if (head_.compare_exchange_weak(head, head + count, std::memory_order_release,
                                      std::memory_order_relaxed)) {
        // release [R2]: pairs with [A2] of the next thief.
        to.tail_.store(end + count - 1, std::memory_order_release);
        return to.entry(end + count - 1).load(std::memory_order_relaxed);
      }
    }
  }

  // Any processor. Takes `seen` out of the next slot when it is still there.
  // acquire [A3]: what the owner did before the push, its counts of picks included.
  Item* peek_next() const { return next_.load(std::memory_order_acquire); }
  bool steal_next(Item* seen) {
    // acquire [A3]: the item. Pairs with [R3] in push_next().
    return next_.compare_exchange_strong(seen, nullptr, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }

  // Stale at once unless the owner asks.
  bool ring_empty() const { return ring_size() == 0; }
  bool empty() const { return ring_empty() && next_.load(std::memory_order_relaxed) == nullptr; }
  uint32_t ring_size() const {
    return tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed);
  }

  // When no worker runs.
  void clear() {
    // Relaxed: the workers' end was joined.
    head_.store(tail_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    next_.store(nullptr, std::memory_order_relaxed);
  }

 private:
  std::atomic<Item*>& entry(uint32_t index) { return ring_[index % kCapacity]; }

  alignas(64) std::atomic<uint32_t> head_{0};
  alignas(64) std::atomic<uint32_t> tail_{0};
  std::atomic<Item*> next_{nullptr};
  std::atomic<Item*> ring_[kCapacity] = {};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_RUN_QUEUE_H
