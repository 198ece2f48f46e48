#include "instrument/library_orders.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

constexpr int kAcqRel = 4;  // of the C ABI

// std::_Sp_atomic<T>::_Atomic_count::unlock and ::_M_wait_unlock
bool lets_go_of_shared_pointer(const llvm::Function& function) {
  const llvm::StringRef name = function.getName();
  return name.starts_with("_ZNKSt10_Sp_atomicI") &&
         (name.contains("13_Atomic_count6unlockE") ||
          name.contains("13_Atomic_count14_M_wait_unlockE"));
}

}  // namespace

void repair_library_orders(llvm::Module& module) {
  for (llvm::Function& function : module) {
    if (!lets_go_of_shared_pointer(function)) continue;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
      auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      if (call == nullptr || call->getCalledFunction() == nullptr || call->arg_size() != 3)
        continue;
      if (!call->getCalledFunction()->getName().contains("9fetch_subE")) continue;
      llvm::Type* const order = call->getArgOperand(2)->getType();
      call->setArgOperand(2, llvm::ConstantInt::get(order, kAcqRel));
    }
  }
}

}  // namespace fibersan::instrument
