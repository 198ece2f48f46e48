#include "instrument/recursive_calls.h"

#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/IR/InstIterator.h"

namespace fibersan::instrument {

RecursiveCalls::RecursiveCalls(llvm::Module& module) {
  llvm::CallGraph graph(module);
  llvm::SmallPtrSet<const llvm::CallGraphNode*, 32> visited;
  for (const llvm::Function& function : module)
    for (const llvm::CallGraphNode* node :
         llvm::post_order_ext(static_cast<const llvm::CallGraph&>(graph)[&function], visited))
      if (node->getFunction() != nullptr)
        finished_.try_emplace(node->getFunction(), finished_.size());
}

llvm::SmallVector<llvm::CallBase*, 4> RecursiveCalls::of(llvm::Function& function) const {
  llvm::SmallVector<llvm::CallBase*, 4> calls;
  const unsigned own = finished_.lookup(&function);
  bool is_called_indirectly = function.hasAddressTaken(nullptr, /*IgnoreCallbackUses=*/true);
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
    if (call == nullptr || call->isInlineAsm()) continue;
    const llvm::Function* callee = call->getCalledFunction();
    bool is_recursive = callee == nullptr
                            ? is_called_indirectly
                            : !callee->isDeclaration() && finished_.lookup(callee) >= own;  // R1
    if (is_recursive) calls.push_back(call);
  }
  return calls;
}

}  // namespace fibersan::instrument
