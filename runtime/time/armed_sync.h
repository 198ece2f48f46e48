// armed_sync.h: what the fiber knew that armed a timer, for those who get its ticks or run
// its callback: the edge "arming before tick".
//
// Input:    share() and arm() by the fiber that arms; acquire() by who profits.
// State:    a count of holders. The place stands for a Sync by its address.
// Cost:     one allocation for each timer; another one only if it is armed again while an
//           earlier tick is on its way.
// Threads:  the timer's own reference under the timer's lock, the others anywhere.
//
// Invariants
//   A1  Nobody releases into it while a tick is on its way: a receiver that was woken learns
//       of the arming that its tick came from, and of no later one.
#ifndef FIBERSAN_RUNTIME_TIME_ARMED_SYNC_H
#define FIBERSAN_RUNTIME_TIME_ARMED_SYNC_H

#include <atomic>
#include <cstdint>

namespace fiber::internal {

class ArmedSync {
 public:
  // The running fiber arms: `sync`, if there is one, is used again or replaced. Without
  // memory the process ends: locks are held.
  static ArmedSync* arm(ArmedSync* sync) noexcept;

  // One more holder.
  ArmedSync* share() {
    // relaxed: whoever shares holds one.
    holders_.fetch_add(1, std::memory_order_relaxed);
    return this;
  }
  // By the fiber that got the tick.
  void acquire_and_drop();
  void drop();

 private:
  ArmedSync() = default;
  // acquire [A1]: what other holders did is over. Pairs with [R1] in drop().
  bool exclusive() const { return holders_.load(std::memory_order_acquire) == 1; }

  std::atomic<uint64_t> holders_{1};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_TIME_ARMED_SYNC_H
