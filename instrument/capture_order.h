// capture_order.h: on which ways through a function others get to know its object.
//
// Input:    a local variable, a by-value argument or a fresh heap block of one function, whose
//           body does not change as long as this lives.
// Output:   whether some way through the function both comes by a given instruction and stores,
//           passes on or returns the address. What is spawned captures by storing or passing.
// Cost:     one walk over the object's uses and over the blocks around its captures, once.
//
// Invariants
//   O1  A capture counts for every instruction that a path leads to from it, or from which a
//       path leads to it. That it comes later does not help: published by a relaxed store, the
//       address reaches others who are not ordered behind what was done to the object before.
//   O2  A heap block is another one each time its allocation runs, and an address computed from
//       it without a phi is of the newest: paths end at the allocation.
//   O3  Where the paths are not known (setjmp returns twice) a capture counts everywhere.
//   O4  Comparing tells nobody. Freeing counts for what comes behind it: the memory is others'
//       from then on, in the order that the allocator makes.
#ifndef FIBERSAN_INSTRUMENT_CAPTURE_ORDER_H
#define FIBERSAN_INSTRUMENT_CAPTURE_ORDER_H

#include <array>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstrTypes.h"

namespace fibersan::instrument {

// malloc, calloc, operator new and their like (not realloc), also by the names that
// libc_calls.h gave them; other calls whose result nobody else has.
bool is_fresh_allocation(const llvm::CallBase& call);

class CaptureOrder {
 public:
  explicit CaptureOrder(const llvm::Function& function);

  // `is_newest`: the address at `at` is of the object that was made last (O2).
  bool is_unknown_to_others(const llvm::Value* object, const llvm::Instruction& at, bool is_newest);

 private:
  class Tracker;
  using Blocks = llvm::SmallPtrSet<const llvm::BasicBlock*, 16>;
  struct Captures {
    bool are_anywhere = false;
    Blocks in;
    llvm::DenseMap<const llvm::BasicBlock*, const llvm::Instruction*> first_free_in;
    // Blocks before and behind captures, and behind frees; by the second of each for the newest.
    std::array<Blocks, 2> around;
  };

  void find_ways(const llvm::Value* object, Captures& captures) const;
  const Captures& captures_of(const llvm::Value* object);

  bool has_hidden_paths_;  // O3
  llvm::DenseMap<const llvm::Value*, Captures> captures_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CAPTURE_ORDER_H
