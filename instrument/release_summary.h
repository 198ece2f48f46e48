// release_summary.h: which instructions may order this fiber's past before another fiber, or
// another's before its own, and which may not be followed by the next one.
//
// Input:    a module after optimisation and after libc_calls.h, no check emitted yet.
// Output:   three questions about any instruction of that module. Calls are answered from the
//           callee's body where the body that will run is known to be this one or another
//           compilation of the same source, from library_effects.def where it is a library's,
//           and with "may" for everything else.
// Cost:     one walk over the module; then every fact moves once along each call.
// Not here: what follows from the answers, see check_pruning.h.
//
// Invariants
//   S1  Releases and acquires are the least fixpoint over the calls: recursion adds nothing
//       that no function of the cycle does itself. That is sound because they are facts of
//       single finite paths: a call that releases has a first instruction that does.
//   S2  "Surely returns" is the least fixpoint too, of the opposite question: a function
//       returns when all it calls do and it has no cycle of its own, so recursion does not.
//   S3  An operation counts by what the detector makes of it (hooks_atomic.cpp): a relaxed one
//       moves no clock, because a release fence published before it and an acquire fence will
//       acquire after it; a poll moves none (hooks.h I2), yet the fiber may not come back from
//       it when the run ends.
//   S4  What happens before a throw is no effect on who is called and returned to, only on
//       landing pads.
//   S5  setjmp releases and acquires, as unknown functions do: what is known before it is
//       forgotten, so that a longjmp back to it brings nothing along.
//
// Rejected: isDefinitionExact() as the condition for bodies. Most C++ code is inline functions,
//           whose other copies have the same source; what the optimiser may decide differently
//           in them is no synchronisation that the program can rely on. Operators new and delete
//           as harmless: a program may replace them by ones that lock, in another file.
#ifndef FIBERSAN_INSTRUMENT_RELEASE_SUMMARY_H
#define FIBERSAN_INSTRUMENT_RELEASE_SUMMARY_H

#include <cstdint>

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

// A set of what an instruction or a function may do.
enum Effect : uint8_t {
  kNoEffect = 0,
  kReleases = 1,  // and returns afterwards
  kAcquires = 2,
  kReleasesThenThrows = 4,
  kAcquiresThenThrows = 8,
  kThrows = 16,
  kHangs = 32,  // neither returns nor throws: waits, ends the program, loops, jumps away
  kAnything = 63
};
using Effects = uint8_t;

class ReleaseSummary {
 public:
  explicit ReleaseSummary(const llvm::Module& module);

  // The fiber's epoch may be another one afterwards; its stamps from before may be known to
  // fibers that do not know what comes after.
  bool may_release(const llvm::Instruction& instruction) const;
  // The fiber may know more of others afterwards.
  bool may_acquire(const llvm::Instruction& instruction) const;
  bool may_synchronise(const llvm::Instruction& instruction) const {
    return may_release(instruction) || may_acquire(instruction);
  }
  // The next instruction, for an invoke that of neither successor, may never run.
  bool may_not_return(const llvm::Instruction& instruction) const;

 private:
  class Computation;
  Effects effects_of(const llvm::Instruction& instruction) const;
  Effects effects_of_call(const llvm::CallBase& call) const;
  Effects effects_of_library(const llvm::Function& function) const;

  llvm::DenseMap<const llvm::Function*, Effects> functions_;  // with bodies that we trust
  mutable llvm::DenseMap<const llvm::Function*, Effects> libraries_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_RELEASE_SUMMARY_H
