// poll.h: the code of one poll.
//
//   if (__fiber_preempt_requested) __fiber_preempt();     (detector/abi/hooks.h)
//
// Output:   the load of a byte at %fs: (two instructions in shared libraries), its test, and
//           a branch to a call out of line, which saves the general registers.
// Not here: where polls are, see poll_placement.h.
//
// Invariants
//   L1  The load is assembly, so that no address of the byte exists that could be kept.
//
// Rejected: comparison in memory, with the flag as the assembly's result (one register less):
//           LLVM 19 puts other instructions that set flags between it and the branch.
#ifndef FIBERSAN_INSTRUMENT_POLL_H
#define FIBERSAN_INSTRUMENT_POLL_H

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

class PollEmitter {
 public:
  explicit PollEmitter(llvm::Module& module);

  // Test and call before `place`, whose block is split.
  void emit_before(llvm::Instruction& place);

 private:
  llvm::Value* request(llvm::IRBuilder<>& builder);

  llvm::Module& module_;
  llvm::GlobalVariable* requested_;
  llvm::Function* preempt_;
};

// A call of __fiber_preempt.
bool is_poll(const llvm::CallBase& call);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_POLL_H
