#include "instrument/shared_tails.h"

#include "instrument/inline_check.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"

namespace fibersan::instrument {

void SharedTails::add(const std::string& name,
                      llvm::function_ref<std::string(const std::string& context)> definition) {
  auto [place, is_new] = definitions_.try_emplace(name);
  if (is_new) place->second = definition(context_slot_ == nullptr ? "" : " $0");
}

void SharedTails::define_in(llvm::Function& function) const {
  if (definitions_.empty()) return;
  std::string code;
  for (const auto& [name, definition] : definitions_) code += definition;
  llvm::IRBuilder<> builder(&*function.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
  builder.SetCurrentDebugLocation({});  // T3
  llvm::SmallVector<llvm::Value*, 1> operands;
  llvm::SmallVector<llvm::Type*, 1> types;
  if (context_slot_ != nullptr) {
    operands.push_back(context_slot_);
    types.push_back(context_slot_->getType());
  }
  auto* assembly =
      llvm::InlineAsm::get(llvm::FunctionType::get(builder.getVoidTy(), types, false), code,
                           operands.empty() ? "" : "*m", /*hasSideEffects=*/true);
  llvm::CallInst* statement = builder.CreateCall(assembly, operands);
  if (context_slot_ != nullptr) {
    statement->addParamAttr(
        0, llvm::Attribute::get(function.getContext(), llvm::Attribute::ElementType,
                                builder.getInt64Ty()));
    statement->addParamAttr(0, llvm::Attribute::NoCapture);
    statement->addParamAttr(0, llvm::Attribute::ReadOnly);
  }
  mark_as_check(*statement);
}

}  // namespace fibersan::instrument
