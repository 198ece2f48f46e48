// running_state.h: code that reads and writes __fsan_running and the shadow base.
//
// Output:   inline assembly with the whole %fs-relative access in it. So no address of a
//           thread-local ever exists that LLVM could keep across a switch to another
//           thread (hooks.h, I1), in any optimisation after this pass either.
// Cost:     one instruction for each access in code for executables, two with -fPIC (the
//           linker turns the first of the two into a constant when it makes an executable).
//
// Invariants
//   S1  The assembly counts as an access to memory that user code cannot name: LLVM may
//       move user loads and stores across it, but no call.
//   S2  A stamp may be reused until the next call: only a release changes it, and a
//       release is in a call or an atomic.
#ifndef FIBERSAN_INSTRUMENT_RUNNING_STATE_H
#define FIBERSAN_INSTRUMENT_RUNNING_STATE_H

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

class RunningState {
 public:
  explicit RunningState(llvm::Module& module);

  // The object file cannot become part of a shared library.
  bool for_executable() const { return for_executable_; }

  // With all bytes set in its mask; and the same with the read bit. Both in assembly, because it
  // is shorter by 9 bytes than the `or`s that LLVM chooses.
  llvm::Value* load_stamp(llvm::IRBuilder<>& builder);
  static llvm::Value* read_stamp(llvm::IRBuilder<>& builder, llvm::Value* stamp);
  llvm::Value* load_context(llvm::IRBuilder<>& builder);
  void store_context(llvm::IRBuilder<>& builder, llvm::Value* context);
  llvm::Value* load_shadow_base(llvm::IRBuilder<>& builder);

 private:
  llvm::Value* load(llvm::IRBuilder<>& builder, unsigned offset, const char* more);

  llvm::Module& module_;
  bool for_executable_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_RUNNING_STATE_H
