// thread_address.h: the address of a thread's own variable, in a form that LLVM cannot keep.
//
// LLVM takes the address of a thread_local for a constant of the function. A fiber may be on
// another thread after a call or a poll; then that address is another thread's variable.
//
// Output:   in code for executables, assembly with side effects that adds the variable's
//           offset to the thread pointer (two instructions); in shared libraries a call of
//           a function made for the variable, since finding it is a call there anyway.
// Not here: where it is computed again, see thread_local_repair.h.
//
// Rejected: a load from address space 257 (%fs): LLVM keeps such values in registers across
//           the loops into which polls come later.
#ifndef FIBERSAN_INSTRUMENT_THREAD_ADDRESS_H
#define FIBERSAN_INSTRUMENT_THREAD_ADDRESS_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

// The object file cannot become part of a shared library.
bool is_for_executable(const llvm::Module& module);

class ThreadAddress {
 public:
  explicit ThreadAddress(llvm::Module& module) : module_(module) {}

  llvm::Value* of(llvm::IRBuilder<>& builder, llvm::GlobalValue& variable);
  // What __builtin_thread_pointer() returns.
  llvm::Value* thread_pointer(llvm::IRBuilder<>& builder);

 private:
  llvm::Function* function_for(llvm::GlobalValue& variable);

  llvm::Module& module_;
  llvm::DenseMap<llvm::GlobalValue*, llvm::Function*> functions_;
};

// The call was emitted by ThreadAddress.
bool is_thread_address(const llvm::CallBase& call);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_THREAD_ADDRESS_H
