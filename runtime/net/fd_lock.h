// fd_lock.h: who may use a descriptor, one reader and one writer at a time (Go's fdMutex).
//
// State:    one word: closed, read- and write-locked, abandoned, done, the number of operations
//           inside and of fibers that wait for their turn.
// Cost:     two locked instructions for each operation when nobody is in the way.
// Threads:  any; who would have to wait must be a fiber.
// Not here: waiting for data (poll_record.h).
//
// Invariants
//   I1  After close_begins() nobody enters. The last one inside learns from leave() that it
//       has to close the descriptor.
//   I2  Fibers get their turn in the order they came; a newcomer may overtake one that has
//       been woken and does not run yet.
#ifndef FIBERSAN_RUNTIME_NET_FD_LOCK_H
#define FIBERSAN_RUNTIME_NET_FD_LOCK_H

#include <atomic>
#include <cstdint>

#include "runtime/lock.h"
#include "runtime/net/poll_record.h"

namespace fiber::internal {

enum class Entry : uint8_t { kEntered, kClosed, kNeedsFiber };

class FdLock {
 public:
  // For one direction; waits for its turn. leave() is true for the last one inside of a closed
  // descriptor: it has to close it and call close_done().
  [[nodiscard]] Entry enter(Direction direction);
  [[nodiscard]] bool leave(Direction direction);
  // For what excludes nobody. False: closed.
  [[nodiscard]] bool enter_shared();
  [[nodiscard]] bool leave_shared();

  // Closes and enters; false when it was closed before. Everybody who waits for a turn leaves.
  [[nodiscard]] bool close_begins();
  // True when the handle is gone, too: the caller frees the record.
  [[nodiscard]] bool close_done();
  // On a fiber, after close_begins() and leave_shared(): until close_done().
  void wait_until_closed() { acquire(kClosedTurn); }
  // The handle is gone. True when the descriptor is closed: the caller frees the record.
  [[nodiscard]] bool abandon();

  bool closed() const { return (word_.load(std::memory_order_relaxed) & kClosed) != 0; }

 private:
  static constexpr uint64_t kClosed = 1;
  static constexpr uint64_t kAbandoned = 2;
  static constexpr uint64_t kLocked[2] = {4, 8};
  static constexpr uint64_t kDone = 16;  // closed, and the one who did so is finished
  static constexpr uint64_t kInside = uint64_t{1} << 8;
  static constexpr uint64_t kInsideMask = ((uint64_t{1} << 24) - 1) << 8;
  static constexpr uint64_t kWaiter[2] = {uint64_t{1} << 32, uint64_t{1} << 48};
  static constexpr uint64_t kWaiterMask[2] = {uint64_t{0xffff} << 32, uint64_t{0xffff} << 48};

  static constexpr size_t kClosedTurn = 2;

  // Go's semaphore: a wake-up that comes before the wait counts.
  struct Turn {
    Fiber* fiber;
    Turn* next;
  };
  struct Semaphore {
    Turn* first = nullptr;
    Turn* last = nullptr;
    uint32_t permits = 0;
  };
  void renew_after_run();
  static bool last_of_closed(uint64_t word) {
    return (word & kInsideMask) == 0 && (word & kClosed) != 0;
  }
  // On a fiber.
  void acquire(size_t turn) FIBER_NO_THREAD_SAFETY_ANALYSIS;
  void release(size_t turn);

  std::atomic<uint64_t> word_{0};
  SpinLock lock_{LockRank::kFdLock};
  std::atomic<uint32_t> run_{0};
  Semaphore turns_[3] FIBER_GUARDED_BY(lock_);  // reading, writing, kClosedTurn
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_NET_FD_LOCK_H
