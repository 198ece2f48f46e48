// remarks.cpp: the sentences.
#include "instrument/remarks.h"

#include <string>

#include "instrument/debug_location.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

constexpr const char* kPass = "fibersan";

bool is_wanted(const llvm::Function& function) {
  llvm::LLVMContext& context = function.getContext();
  return context.getLLVMRemarkStreamer() != nullptr ||
         context.getDiagHandlerPtr()->isAnyRemarkEnabled(kPass);
}

std::string describe(const llvm::Instruction& access) {
  if (auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(&access))
    return llvm::Intrinsic::getBaseName(intrinsic->getIntrinsicID()).drop_front(5).str();
  if (llvm::isa<llvm::CallBase>(access)) return "by-value argument";
  auto* load = llvm::dyn_cast<llvm::LoadInst>(&access);
  llvm::Type* type = load != nullptr ? load->getType() : access.getOperand(0)->getType();
  if (auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&access)) type = rmw->getType();
  if (auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&access))
    type = exchange->getNewValOperand()->getType();
  uint64_t size = access.getModule()->getDataLayout().getTypeStoreSize(type).getKnownMinValue();
  return (load != nullptr ? "read of size " : "write of size ") + std::to_string(size);
}

// Without an emitter of hotness: the pass changes the blocks that it would count.
template <typename Remark>
void emit(const llvm::Instruction& access, llvm::StringRef name, const std::string& sentence) {
  llvm::OptimizationRemarkEmitter emitter(access.getFunction(), /*BFI=*/nullptr);
  // Only reads; LLVM's own walk over instructions wants them mutable.
  llvm::DebugLoc location = debug_location_near(const_cast<llvm::Instruction&>(access));
  Remark remark(kPass, name, location, access.getParent());
  remark << sentence;
  emitter.emit(remark);
}

}  // namespace

void remark_eliminated(const llvm::Instruction& access, llvm::StringRef rule,
                       llvm::StringRef reason) {
  if (!is_wanted(*access.getFunction())) return;
  emit<llvm::OptimizationRemark>(
      access, rule,
      describe(access) + " needs no check of its own (" + rule.str() + "): " + reason.str());
}

void remark_checked(const llvm::Instruction& access, llvm::StringRef form) {
  if (!is_wanted(*access.getFunction())) return;
  emit<llvm::OptimizationRemarkMissed>(access, "checked",
                                       describe(access) + " is checked (" + form.str() + ")");
}

void remark_ignored(const llvm::Function& function, llvm::StringRef reason) {
  if (!is_wanted(function)) return;
  llvm::OptimizationRemarkEmitter emitter(&function, /*BFI=*/nullptr);
  llvm::OptimizationRemarkAnalysis remark(kPass, "ignored",
                                          llvm::DiagnosticLocation(function.getSubprogram()),
                                          &function.getEntryBlock());
  remark << "accesses of '" + function.getName().str() + "' are not checked: " + reason.str();
  emitter.emit(remark);
}

}  // namespace fibersan::instrument
