// private_memory.cpp: what an address can point to, and who else may know that object.
#include "instrument/private_memory.h"

#include "instrument/thread_address.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Metadata.h"

namespace fibersan::instrument {
namespace {

using llvm::dyn_cast;
using llvm::isa;

constexpr unsigned kLookup = 16;  // steps from an address back to its object

// Counters of -fprofile-instr-generate and --coverage race by design.
bool is_profile_counter(const llvm::GlobalVariable& variable) {
  llvm::StringRef name = variable.getName();
  return variable.getSection().contains("__llvm_prf") || name.starts_with("__llvm_") ||
         name.starts_with("__profc") || name.starts_with("__sancov");
}

// Whether references need atomics, which libstdc++ asks for each. The C library and the runtime
// write it, never the program.
bool is_of_libc(const llvm::GlobalVariable& variable) {
  return variable.isDeclaration() && variable.getName() == "__libc_single_threaded";
}

// errno, and the address that clang's wrapper returns for an extern thread_local.
bool returns_thread_local(const llvm::CallBase& call) {
  if (call.getIntrinsicID() == llvm::Intrinsic::threadlocal_address) return true;
  if (is_thread_address(call)) return true;
  const llvm::Function* callee = call.getCalledFunction();
  return callee != nullptr &&
         (callee->getName() == "__errno_location" || callee->getName().starts_with("_ZTW"));
}

// The object is a table of virtual functions: its address was loaded from an object's head.
bool is_vtable(const llvm::LoadInst& load) {
  const llvm::MDNode* tag = load.getMetadata(llvm::LLVMContext::MD_tbaa);
  return tag != nullptr && tag->isTBAAVtableAccess();
}

}  // namespace

bool is_vptr_access(const llvm::Instruction& instruction) {
  const llvm::MDNode* tag = instruction.getMetadata(llvm::LLVMContext::MD_tbaa);
  if (tag != nullptr && tag->isTBAAVtableAccess()) return true;
  auto* store = dyn_cast<llvm::StoreInst>(&instruction);
  if (store == nullptr) return false;
  const llvm::Value* stored = store->getValueOperand();
  if (!stored->getType()->isPointerTy()) return false;
  auto* table = dyn_cast<llvm::GlobalVariable>(stored->stripInBoundsConstantOffsets());
  return table != nullptr && table->getName().starts_with("_ZTV");
}

std::optional<Elimination> PrivateMemory::rule_for(const llvm::Value* address,
                                                   const llvm::Instruction& access) {
  // %fs: and %gs: are memory of the thread.
  if (address->getType()->getPointerAddressSpace() != 0 || address->isSwiftError())
    return Elimination::kThreadLocal;
  llvm::SmallVector<const llvm::Value*, 4> objects;
  llvm::getUnderlyingObjects(address, objects, /*LI=*/nullptr, kLookup);
  std::optional<Elimination> first;
  for (const llvm::Value* object : objects) {
    std::optional<Elimination> rule = rule_for_object(object, address, access);
    if (!rule.has_value() || !is_enabled(*rule)) return std::nullopt;
    if (!first.has_value()) first = rule;
  }
  return first;
}

std::optional<Elimination> PrivateMemory::rule_for_object(const llvm::Value* object,
                                                          const llvm::Value* address,
                                                          const llvm::Instruction& access) {
  auto when = [](bool holds, Elimination rule) {
    return holds ? std::optional(rule) : std::nullopt;
  };
  if (auto* argument = dyn_cast<llvm::Argument>(object); argument && !argument->hasByValAttr())
    return std::nullopt;
  if (isa<llvm::AllocaInst, llvm::Argument>(object))
    return when(is_known_only_here(object, address, access), Elimination::kPrivate);
  if (auto* variable = dyn_cast<llvm::GlobalVariable>(object)) {
    if (variable->isThreadLocal()) return Elimination::kThreadLocal;
    if (is_profile_counter(*variable)) return Elimination::kProfileCounter;
    return when(variable->isConstant() || is_of_libc(*variable), Elimination::kConstant);
  }
  if (auto* call = dyn_cast<llvm::CallBase>(object)) {
    if (returns_thread_local(*call)) return Elimination::kThreadLocal;
    return when(is_fresh_allocation(*call) && is_known_only_here(object, address, access),
                Elimination::kFreshHeap);
  }
  if (auto* load = dyn_cast<llvm::LoadInst>(object))
    return when(is_vtable(*load), Elimination::kVtable);
  return when(isa<llvm::Function>(object), Elimination::kConstant);
}

bool PrivateMemory::is_known_only_here(const llvm::Value* object, const llvm::Value* address,
                                       const llvm::Instruction& access) {
  const bool is_newest = llvm::getUnderlyingObject(address, kLookup) == object;
  return capture_order_.is_unknown_to_others(object, access, is_newest);
}

}  // namespace fibersan::instrument
