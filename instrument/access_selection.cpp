// access_selection.cpp: one case for each kind of instruction that touches memory.
#include "instrument/access_selection.h"

#include "instrument/libatomic_calls.h"
#include "instrument/poll.h"
#include "instrument/private_memory.h"
#include "instrument/static_guards.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

using llvm::dyn_cast;
using llvm::Instruction;
using llvm::isa;
using llvm::Value;

// An atomic operation that only orders against signal handlers is plain to other threads.
bool is_single_threaded(llvm::SyncScope::ID scope) {
  return scope == llvm::SyncScope::SingleThread;
}

bool is_atomic_operation(const Instruction& instruction) {
  std::optional<llvm::SyncScope::ID> scope = llvm::getAtomicSyncScopeID(&instruction);
  return scope.has_value() && !is_single_threaded(*scope);
}

// Which elements of a loaded vector are used. The vectoriser reads across the gaps of an
// interleaved structure; the program never made those reads.
llvm::APInt used_elements(const llvm::LoadInst& load, unsigned count) {
  llvm::APInt used(count, 0);
  for (const llvm::User* user : load.users()) {
    if (auto* extract = dyn_cast<llvm::ExtractElementInst>(user)) {
      auto* index = dyn_cast<llvm::ConstantInt>(extract->getIndexOperand());
      if (index == nullptr || index->getValue().uge(count)) return llvm::APInt::getAllOnes(count);
      used.setBit(index->getZExtValue());
    } else if (auto* shuffle = dyn_cast<llvm::ShuffleVectorInst>(user)) {
      for (int element : shuffle->getShuffleMask()) {
        if (element < 0) continue;
        bool is_first = static_cast<unsigned>(element) < count;
        if (shuffle->getOperand(is_first ? 0 : 1) == &load) used.setBit(element % count);
      }
    } else {
      return llvm::APInt::getAllOnes(count);
    }
  }
  return used.isZero() ? llvm::APInt::getAllOnes(count) : used;
}

class Selection {
 public:
  Selection(llvm::Function& function, Statistics& statistics)
      : function_(function),
        layout_(function.getParent()->getDataLayout()),
        is_ignored_(function.hasFnAttribute(llvm::Attribute::DisableSanitizerInstrumentation)),
        statistics_(statistics),
        private_memory_(function) {}

  FunctionPlan run() {
    for (llvm::BasicBlock* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&function_)) {
      ++stretch_;
      for (Instruction& instruction : *block) {
        visit(instruction);
        if (may_synchronise(instruction)) ++stretch_;
      }
    }
    return std::move(plan_);
  }

 private:
  void visit(Instruction& instruction) {
    if (is_atomic_operation(instruction)) {
      visit_atomic(instruction);
    } else if (auto* load = dyn_cast<llvm::LoadInst>(&instruction)) {
      visit_load(*load);
    } else if (auto* store = dyn_cast<llvm::StoreInst>(&instruction)) {
      add(store, store->getPointerOperand(), store->getValueOperand()->getType(), store->getAlign(),
          AccessKind::kWrite);
      mark_vptr(*store);
    } else if (auto* rmw = dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
      add(rmw, rmw->getPointerOperand(), rmw->getType(), rmw->getAlign(), AccessKind::kWrite);
    } else if (auto* exchange = dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
      add(exchange, exchange->getPointerOperand(), exchange->getNewValOperand()->getType(),
          exchange->getAlign(), AccessKind::kWrite);
    } else if (auto* intrinsic = dyn_cast<llvm::IntrinsicInst>(&instruction)) {
      visit_intrinsic(*intrinsic);
    } else if (auto* call = dyn_cast<llvm::CallBase>(&instruction)) {
      visit_call(*call);
    } else if (auto* result = dyn_cast<llvm::ReturnInst>(&instruction)) {
      plan_.returns.push_back(result);
    }
  }

  void visit_atomic(Instruction& instruction) {
    const Value* address = llvm::getPointerOperand(&instruction);
    if (auto* rmw = dyn_cast<llvm::AtomicRMWInst>(&instruction)) address = rmw->getPointerOperand();
    if (auto* exchange = dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
      address = exchange->getPointerOperand();
    if (address == nullptr || !private_memory_.rule_for(address, instruction).has_value())
      plan_.atomics.push_back(&instruction);
  }

  void visit_load(llvm::LoadInst& load) {
    if (load.hasMetadata(llvm::LLVMContext::MD_invariant_load) &&
        is_enabled(Elimination::kConstant)) {
      statistics_.seen(load);
      statistics_.eliminated(Elimination::kConstant, load);
      return;
    }
    auto* vector = dyn_cast<llvm::FixedVectorType>(load.getType());
    uint64_t element_bits = vector ? layout_.getTypeSizeInBits(vector->getElementType()) : 0;
    if (vector == nullptr || element_bits % 8 != 0) {
      add(&load, load.getPointerOperand(), load.getType(), load.getAlign(), AccessKind::kRead);
      mark_vptr(load);
      return;
    }
    uint64_t element_size = element_bits / 8;
    llvm::APInt used = used_elements(load, vector->getNumElements());
    for (unsigned first = 0; first < used.getBitWidth();) {
      unsigned end = first;
      while (end < used.getBitWidth() && used[end]) ++end;
      if (end > first)
        add(&load, load.getPointerOperand(), first * element_size, (end - first) * element_size,
            load.getAlign(), AccessKind::kRead);
      first = end + 1;
    }
  }

  void visit_intrinsic(llvm::IntrinsicInst& intrinsic) {
    if (auto* transfer = dyn_cast<llvm::AnyMemTransferInst>(&intrinsic))
      add_range(transfer, transfer->getRawSource(), transfer->getLength(),
                transfer->getSourceAlign().valueOrOne(), AccessKind::kRead);
    if (auto* memory = dyn_cast<llvm::AnyMemIntrinsic>(&intrinsic))
      add_range(memory, memory->getRawDest(), memory->getLength(),
                memory->getDestAlign().valueOrOne(), AccessKind::kWrite);
    switch (intrinsic.getIntrinsicID()) {
      case llvm::Intrinsic::masked_load:
        return add_masked(intrinsic, 0, 2, intrinsic.getType(), AccessKind::kRead);
      case llvm::Intrinsic::masked_store:
        return add_masked(intrinsic, 1, 3, intrinsic.getArgOperand(0)->getType(),
                          AccessKind::kWrite);
      case llvm::Intrinsic::masked_gather:
        return add_scattered(intrinsic, 0, 2, intrinsic.getType(), AccessKind::kRead);
      case llvm::Intrinsic::masked_scatter:
        return add_scattered(intrinsic, 1, 3, intrinsic.getArgOperand(0)->getType(),
                             AccessKind::kWrite);
      default:
        return;
    }
  }

  void visit_call(llvm::CallBase& call) {
    for (unsigned i = 0; i < call.arg_size(); ++i)
      if (call.isByValArgument(i))
        add(&call, call.getArgOperand(i), call.getParamByValType(i),
            call.getParamAlign(i).valueOrOne(), AccessKind::kRead);
    if (is_libatomic_call(call))
      plan_.libatomic_calls.push_back(&call);
    else if (is_guard_call(call))
      plan_.guard_calls.push_back(&call);
    else if (!call.isInlineAsm())
      plan_.calls.push_back(&call);
  }

  void mark_vptr(Instruction& instruction) {
    if (plan_.accesses.empty() || plan_.accesses.back().instruction != &instruction) return;
    Access& access = plan_.accesses.back();
    access.is_vptr = is_natural_pointer(access) && is_vptr_access(instruction);
  }

  static bool is_natural_pointer(const Access& access) {
    return access.size == sizeof(void*) && access.alignment.value() >= sizeof(void*);
  }

  void add(Instruction* at, Value* address, llvm::Type* type, llvm::Align alignment,
           AccessKind kind) {
    llvm::TypeSize size = layout_.getTypeStoreSize(type);
    if (!size.isScalable()) add(at, address, 0, size.getFixedValue(), alignment, kind);
  }

  void add(Instruction* at, Value* address, uint64_t offset, uint64_t size, llvm::Align alignment,
           AccessKind kind) {
    if (size == 0 || needs_no_check(*at, address)) return;
    plan_.accesses.push_back(
        {at, address, offset, size, llvm::commonAlignment(alignment, offset), kind, stretch_});
  }

  // By the mark on what was inlined by force, too (ignore_list.cpp).
  bool is_ignored(const Instruction& access) const {
    return is_ignored_ || access.hasMetadata(llvm::LLVMContext::MD_nosanitize);
  }

  bool needs_no_check(const Instruction& access, const Value* address) {
    statistics_.seen(access);
    std::optional<Elimination> rule =
        is_ignored(access) ? Elimination::kIgnored : private_memory_.rule_for(address, access);
    if (rule.has_value()) statistics_.eliminated(*rule, access);
    return rule.has_value();
  }

  void add_range(Instruction* at, Value* address, Value* size, llvm::Align alignment,
                 AccessKind kind) {
    if (auto* constant = dyn_cast<llvm::ConstantInt>(size))
      add(at, address, 0, constant->getZExtValue(), alignment, kind);
    else if (!needs_no_check(*at, address))
      plan_.ranges.push_back({at, address, size, kind});
  }

  // Operands by number: the address, the mask; the alignment lies between the two.
  void add_masked(llvm::IntrinsicInst& at, unsigned address, unsigned mask, llvm::Type* type,
                  AccessKind kind) {
    auto* alignment = llvm::cast<llvm::ConstantInt>(at.getArgOperand(address + 1));
    size_t before = plan_.accesses.size();
    add(&at, at.getArgOperand(address), type, alignment->getAlignValue(), kind);
    if (plan_.accesses.size() > before) plan_.accesses.back().mask = at.getArgOperand(mask);
  }

  void add_scattered(llvm::IntrinsicInst& at, unsigned addresses, unsigned mask, llvm::Type* type,
                     AccessKind kind) {
    if (!llvm::isa<llvm::FixedVectorType>(type)) return;
    uint64_t size = layout_.getTypeStoreSize(type->getScalarType());
    statistics_.seen(at);
    if (is_ignored(at)) return statistics_.eliminated(Elimination::kIgnored, at);
    plan_.scattered.push_back(
        {&at, at.getArgOperand(addresses), at.getArgOperand(mask), size, kind});
  }

  llvm::Function& function_;
  const llvm::DataLayout& layout_;
  bool is_ignored_;
  Statistics& statistics_;
  PrivateMemory private_memory_;
  FunctionPlan plan_;
  unsigned stretch_ = 0;
};

}  // namespace

bool may_synchronise(const Instruction& instruction) {
  if (is_atomic_operation(instruction)) return true;
  auto* call = dyn_cast<llvm::CallBase>(&instruction);
  if (call == nullptr || isa<llvm::AnyMemIntrinsic>(call)) return false;
  // A fiber keeps its lane and its epoch when others run (hooks.h, I2).
  if (is_poll(*call)) return false;
  // Marks of lifetimes, debug information, arithmetic, masked accesses: no code of its own.
  if (isa<llvm::IntrinsicInst>(call)) return false;
  bool only_computes = call->onlyReadsMemory() && call->doesNotThrow() &&
                       call->hasFnAttr(llvm::Attribute::WillReturn);
  return !only_computes;
}

FunctionPlan select_accesses(llvm::Function& function, Statistics& statistics) {
  return Selection(function, statistics).run();
}

}  // namespace fibersan::instrument
