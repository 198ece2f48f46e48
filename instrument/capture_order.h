// capture_order.h: from where in a function on others may know the address of its object.
//
// Input:    a local variable, a by-value argument or a fresh heap block of one function, whose
//           body does not change as long as this lives.
// Output:   whether the address may have been stored, passed on or freed before a given
//           instruction. What is spawned captures by storing or passing.
// Cost:     one walk over the object's uses and over the blocks behind its captures, once.
//
// Invariants
//   O1  A capture counts for every instruction that some path leads to, so one in a loop counts
//       for earlier instructions of the loop.
//   O2  Except where each way back makes a new object: a heap block is another one each time
//       its allocation runs, and an address computed from it without a phi is of the newest.
//   O3  Where the paths are not known (setjmp returns twice) a capture counts everywhere.
//   O4  Returning the address captures for the caller, after every access here. Comparing tells
//       nobody. Freeing counts as a capture: the memory is others' from then on.
#ifndef FIBERSAN_INSTRUMENT_CAPTURE_ORDER_H
#define FIBERSAN_INSTRUMENT_CAPTURE_ORDER_H

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

  // The address stays in the function.
  bool is_never_captured(const llvm::Value* object);
  // `is_newest`: the address at `at` is of the object that was made last (O2).
  bool may_be_captured_before(const llvm::Value* object, const llvm::Instruction& at,
                              bool is_newest);

 private:
  class Tracker;
  struct Captures {
    bool are_anywhere = false;
    bool is_returned = false;
    llvm::DenseMap<const llvm::BasicBlock*, const llvm::Instruction*> first_in_block;
    llvm::SmallPtrSet<const llvm::BasicBlock*, 16> behind;         // O1
    llvm::SmallPtrSet<const llvm::BasicBlock*, 16> behind_newest;  // O2
  };

  const Captures& captures_of(const llvm::Value* object);

  bool has_hidden_paths_;  // O3
  llvm::DenseMap<const llvm::Value*, Captures> captures_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CAPTURE_ORDER_H
