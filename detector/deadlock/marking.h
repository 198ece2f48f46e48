// marking.h: which blocked fibers nobody can reach who can still run.
//
// Input:    a world that stands still; the globals of all modules; the table of heap blocks.
// Output:   for each fiber whether it can ever run again.
// Cost:     every word that live fibers can reach is read once; a search ends as soon as no
//           fiber is left to doubt.
// Threads:  one; nobody else moves.
// Not here: when that is a finding, see reachable.cpp.
//
// The least fixpoint of: what runs, or is woken from outside, lives; what a live fiber or a root
// points to is reached; what is reached, or lives, lets others live (waits.h). This is the search
// of Saioc and others, GOLF (ASPLOS 2025), done here without a garbage collector: a word counts as
// a pointer when it points anywhere into a live heap block or the program's part of a stack,
// the lowest 3 and the highest 16 bits aside.
//
// Invariants
//   R1  Roots are globals, the runtime's own roots, what the program has mapped, and of each thread
//       its registers, its stack from the stack pointer (less the red zone) on and its
//       thread-local memory. Stacks of blocked fibers, queues in which they wait and the
//       detector's own memory are none.
//   R2  A thread that may be about to wake somebody lets those live whose wait or record it
//       points to.
//   R3  One that a finding has named is dead for good: no search is made for its sake, or each
//       look would read the whole heap from then on. It is no root either.
//   R4  When memory for the search, or the right to read, is missing, complete() is false.
//   R5  One that waits briefly is not searched for either, and dead in this look only when another
//       one is, so that all has been searched: findings name all of a group. It is no root.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_MARKING_H
#define FIBERSAN_DETECTOR_DEADLOCK_MARKING_H

#include <span>

#include "detector/abi/hooks.h"
#include "detector/deadlock/memory_reader.h"
#include "detector/deadlock/scratch.h"
#include "detector/deadlock/stack_index.h"
#include "detector/deadlock/waits.h"
#include "detector/heap/block_marks.h"

namespace fibersan {

// What the system and the program tell beside the world.
struct Surroundings {
  std::span<const AddressRange> globals;
  std::span<const AddressRange> mapped;  // by the program itself
  uintptr_t thread_locals = 0;           // bytes below each thread pointer
  AddressRange main_stack;
  int main_thread = 0;  // its id
};

class Marking {
 public:
  Marking(const fsan_world& world, const Surroundings& surroundings, const BlockTable& table,
          Scratch& scratch);

  void run();
  // The same until it took so much work; goes on where it stopped. False: it is not over.
  [[nodiscard]] bool run_for(uint64_t work);
  // Words that are a root beside the others: while it is not over.
  void also_read(AddressRange range) { to_read_.push({range.low, range.high}); }
  [[nodiscard]] bool complete() const;  // R4
  // Blocked, and nobody can ever let it run again.
  [[nodiscard]] bool is_dead(uint32_t fiber) const {
    const uint8_t bits = reached_[fiber];
    return (bits & (kSuspect | kLife)) == kSuspect && ((bits & kBrief) == 0 || left_ != 0);
  }
  // Without those of R3.
  [[nodiscard]] size_t dead() const { return left_; }
  [[nodiscard]] const Waits& waits() const { return waits_; }
  [[nodiscard]] uint64_t bytes_read() const { return bytes_read_; }

 private:
  // A block costs as much as so many bytes of another one.
  static constexpr uint64_t kBlockWork = 64;
  [[nodiscard]] uint64_t work_done() const { return bytes_read_ + kBlockWork * blocks_reached_; }

  struct Range {
    uintptr_t low;
    uintptr_t high;
  };
  // Between the moment when memory is asked for and that when it is needed: look-ups in random
  // order would wait for it each time (Cher and others, ASPLOS 2004).
  template <typename T>
  class Ring {
   public:
    static constexpr unsigned kSize = 16;
    [[nodiscard]] bool full() const { return count_ == kSize; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    void push(const T& item) { items_[(first_ + count_++) % kSize] = item; }
    T pop() {
      --count_;
      return items_[first_++ % kSize];
    }

   private:
    T items_[kSize];
    unsigned first_ = 0;
    unsigned count_ = 0;
  };

  enum class Stage : unsigned char { kFirstRoots, kMappings, kLast };
  void mark_first_roots();
  void mark_thread(const fsan_world_thread& thread);
  bool mark_thread_stack(uintptr_t from, const fsan_world_thread& thread);
  void mark_own_stack(const fsan_world_thread& thread);
  void mark_thread_locals(uintptr_t thread_pointer);
  // False: enough for now.
  [[nodiscard]] bool drain();

  void read(AddressRange range);
  void read_own(Range range);
  void look_at(const uintptr_t* words, size_t count);
  void look_at_word(uintptr_t word);
  void look_up(uintptr_t word);
  void settle(uintptr_t word);
  void settle_all();
  bool read_next();
  void reach_block(const LiveBlock& block);
  void reach_stack(uint32_t fiber);
  void note_suspect(uint32_t fiber);
  void make_live(uint32_t fiber);
  void mark_live_fiber(uint32_t fiber);

  const fsan_world& world_;
  const Surroundings& surroundings_;
  Scratch& scratch_;
  BlockMarks blocks_;
  StackIndex stacks_;
  Waits waits_;
  MemoryReader& reader_;
  AddressRange pointers_[2];  // where every pointer that counts points to
  AddressRange known_;        // reached: what is read. Frames lead to their neighbours.
  Ring<uintptr_t> words_;     // not looked at yet
  Ring<uintptr_t> unmarked_;  // not looked up yet
  Ring<Range> next_to_read_;
  ScratchList<Range> to_read_;
  ScratchList<Range> records_;     // of live fibers: read last, as nearly all is the runtime's
  ScratchList<uint32_t> to_mark_;  // fibers that live
  uint8_t* reached_;               // of each fiber: the bits below
  size_t left_ = 0;                // fibers that may be dead
  uint64_t bytes_read_ = 0;
  uint64_t blocks_reached_ = 0;
  uint64_t enough_ = ~uint64_t{0};  // work
  Stage stage_ = Stage::kFirstRoots;
  bool complete_ = true;
  bool may_wake_ = false;  // R2: of the thread whose words are looked at

  // kNamed: R3, kBrief: R5.
  static constexpr uint8_t kSuspect = 1, kStack = 2, kLife = 4, kNamed = 8, kBrief = 16;
  static constexpr uint8_t kNotAskedFor = kNamed | kBrief;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_MARKING_H
