#include "instrument/recursive_calls.h"

#include "llvm/ADT/SCCIterator.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/IR/InstIterator.h"

namespace fibersan::instrument {

RecursiveCalls::RecursiveCalls(llvm::Module& module) {
  llvm::CallGraph graph(module);
  unsigned number = 0;
  for (auto group = llvm::scc_begin(&graph); !group.isAtEnd(); ++group) {
    if (!group.hasCycle()) continue;
    ++number;
    for (llvm::CallGraphNode* node : *group)
      if (node->getFunction() != nullptr) cycle_[node->getFunction()] = number;
  }
}

llvm::SmallVector<llvm::CallBase*, 4> RecursiveCalls::of(llvm::Function& function) const {
  llvm::SmallVector<llvm::CallBase*, 4> calls;
  unsigned own = cycle_.lookup(&function);
  bool is_called_indirectly = function.hasAddressTaken(nullptr, /*IgnoreCallbackUses=*/true);
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (call == nullptr || call->isInlineAsm()) continue;
    const llvm::Function* callee = call->getCalledFunction();
    bool is_recursive =
        callee == nullptr ? is_called_indirectly : own != 0 && cycle_.lookup(callee) == own;
    if (is_recursive) calls.push_back(call);
  }
  return calls;
}

}  // namespace fibersan::instrument
