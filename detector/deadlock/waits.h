// waits.h: what has to be found alive or reachable before each blocked fiber can run again.
//
// Input:    the world that stands still; what its fibers wait for and which locks they hold.
// Output:   for each block, stack and fiber that is reached: whom that lets run again.
// Cost:     a few words for each object that is waited for and each lock that is held.
// Threads:  one.
// Not here: what is reached, see marking.h.
//
// Invariants
//   W1  A wait for what somebody may do who reaches an object (channel, select, condition,
//       semaphore, WaitGroup, barrier) ends when one of its objects is reached. A nil
//       channel, and a select without cases, is never.
//   W2  A mutex comes free when who holds it lives; a read-write lock for writing when all who
//       hold it live; for reading when the writer who holds it, or one that waits, lives. Held
//       by a fiber that has ended it never does. Who holds it is not known: as W1.
//   W3  A join ends when the fiber that is joined lives, a wait for a Once when its runner does.
//   W4  What is not understood is live from the outset.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_WAITS_H
#define FIBERSAN_DETECTOR_DEADLOCK_WAITS_H

#include "detector/abi/hooks.h"
#include "detector/deadlock/number_table.h"
#include "detector/deadlock/scratch.h"
#include "detector/deadlock/stack_index.h"
#include "detector/heap/block_marks.h"

namespace fibersan {

class Waits {
 public:
  Waits(const fsan_world& world, BlockMarks& blocks, const StackIndex& stacks, Scratch& scratch);

  // Those that are blocked and not live from the outset.
  [[nodiscard]] bool may_be_dead(uint32_t fiber) const { return needed_[fiber] != 0; }
  [[nodiscard]] size_t suspects() const { return suspects_; }
  void set_live(uint32_t fiber) { needed_[fiber] = 0; }

  // Each is called once for each source. wake(fiber) is told who can run again.
  template <typename Wake>
  void block_reached(uintptr_t block, Wake wake) {
    if (!may_be_awaited(block)) return;
    notify(blocks_awaited_.find(block), wake);
  }
  template <typename Wake>
  void stack_reached(uint32_t fiber, Wake wake) {
    notify(stacks_awaited_[fiber], wake);
  }
  template <typename Wake>
  void fiber_lives(uint32_t fiber, Wake wake) {
    notify(lives_awaited_[fiber], wake);
  }

  // Who holds the lock, or waits to write it: visit(fiber, HoldKind).
  enum class HoldKind : uint32_t { kWrite, kRead, kWaitsToWrite };
  template <typename Visit>
  void for_each_holder(const void* lock, Visit visit) const {
    for (uint32_t i = holds_of_.find(address_of(lock)); i != 0; i = holds_[i].next)
      visit(holds_[i].fiber, holds_[i].kind);
  }

 private:
  struct Edge {
    uint32_t waiter;
    uint32_t next;  // 0: none
  };
  struct Hold {
    uint32_t fiber;
    HoldKind kind;
    uint32_t next;
  };
  static constexpr uint64_t kFilterBits = uint64_t{1} << 19;

  template <typename Wake>
  void notify(uint32_t edge, Wake wake) {
    for (; edge != 0; edge = edges_[edge].next) {
      uint32_t& needed = needed_[edges_[edge].waiter];
      if (needed != 0 && --needed == 0) wake(edges_[edge].waiter);
    }
  }
  static uint64_t filter_bit(uintptr_t block) {
    return (block >> 4) * 0x9e3779b97f4a7c15u >> (64 - 19);
  }
  [[nodiscard]] bool may_be_awaited(uintptr_t block) const {
    const uint64_t bit = filter_bit(block);
    return (filter_[bit / 64] >> (bit % 64) & 1) != 0;
  }

  void note_locks(uint32_t fiber);
  void note_hold(const void* lock, uint32_t fiber, HoldKind kind);
  void note_wait(uint32_t fiber);
  void note_objects(uint32_t fiber);
  bool note_object(uint32_t fiber, const void* object);
  void note_mutex(uint32_t fiber, const void* lock);
  void note_rwmutex(uint32_t fiber, const void* lock, bool for_writing);
  void note_end_of(uint32_t fiber, uint64_t id);
  uint32_t add_lives(uint32_t fiber, const void* lock, HoldKind kind);
  void add_edge(uint32_t& first, uint32_t waiter);
  [[nodiscard]] bool in_stack_that_is_gone(uintptr_t address) const;

  const fsan_world& world_;
  BlockMarks& blocks_;
  const StackIndex& stacks_;
  uint32_t* needed_;  // events until the fiber can run again; 0: it can
  uint32_t* stacks_awaited_;
  uint32_t* lives_awaited_;
  uint64_t* filter_;  // of blocks_awaited_
  NumberTable blocks_awaited_;
  NumberTable holds_of_;
  NumberTable by_id_;
  ScratchList<Edge> edges_;
  ScratchList<Hold> holds_;
  ScratchList<uint32_t> gone_;
  size_t suspects_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_WAITS_H
