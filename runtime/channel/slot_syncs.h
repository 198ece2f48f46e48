// slot_syncs.h: the happens-before edges of a buffered channel, one Sync for each slot.
//
// Input:    which slot an operation uses, under the channel's lock.
// Output:   hooks: the k-th send before the k-th receive, the k-th receive before the
//           (k+C)-th send, and nothing more.
// State:    one Sync for each slot, one spare, and one for each fiber parked on the channel.
//           A Sync is a place whose address the detector knows; which slot it stands for
//           changes with every operation.
// Cost:     two loads and two stores beside the hooks. The Sync of a parked fiber is
//           allocated once and used again.
// Threads:  callers hold the channel's lock; give_back() needs none.
//
// To acquire a slot's Sync and then release into it would tell the next receiver what the
// last receiver did. So the two swap: an operation releases into the spare, acquires the
// slot's Sync, and leaves the spare in its place.
//
// Invariants
//   E1  The Syncs of slots, parked fibers, the spare and the free ones are all different.
#ifndef FIBERSAN_RUNTIME_CHANNEL_SLOT_SYNCS_H
#define FIBERSAN_RUNTIME_CHANNEL_SLOT_SYNCS_H

#include <atomic>
#include <cstddef>
#include <utility>

#include "runtime/hooks.h"

namespace fiber::internal {

struct SlotSync {
  SlotSync* next = nullptr;  // while it is free
  // The slot's value when a parked sender has put it there: it was moved here in the
  // sender's own name, since nobody else may touch what the sender owns.
  void* box = nullptr;
};

class SlotSyncs {
 public:
  // `places`: capacity + 1 of them, `slots`: room for `capacity` pointers; both belong to
  // the caller. With capacity 0 only the destructor may be called.
  SlotSyncs(SlotSync* places, SlotSync** slots, size_t capacity);
  ~SlotSyncs();
  SlotSyncs(const SlotSyncs&) = delete;
  SlotSyncs& operator=(const SlotSyncs&) = delete;

  SlotSync* at(size_t slot) const { return slots_[slot]; }

  // The running fiber uses a slot.
  void swap(size_t slot) {
    if (!hooks::listening()) return;
    __fsan_release(spare_);
    __fsan_acquire(slots_[slot]);
    std::swap(spare_, slots_[slot]);
  }
  // After that a parked fiber does, without running: the slot gets what that fiber knew
  // when it parked, the fiber gets what the slot knew.
  void swap_parked(size_t slot, SlotSync*& parked) { std::swap(slots_[slot], parked); }

  // For a fiber that parks. Without memory the process ends: locks are held.
  SlotSync* take() noexcept;
  void give_back(SlotSync* sync) noexcept;

 private:
  struct Extra {
    SlotSync sync;
    Extra* next;
  };

  SlotSync** const slots_;
  SlotSync* spare_ = nullptr;
  std::atomic<SlotSync*> free_{nullptr};
  Extra* extras_ = nullptr;  // all that were allocated
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CHANNEL_SLOT_SYNCS_H
