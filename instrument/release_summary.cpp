// release_summary.cpp: local effects of every body, then two fixpoints along the calls.
#include "instrument/release_summary.h"

#include <vector>

#include "instrument/libc_calls.h"
#include "instrument/poll.h"
#include "instrument/thread_address.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

namespace fibersan::instrument {
namespace {

using llvm::AtomicOrdering;
using llvm::BasicBlock;
using llvm::CallBase;
using llvm::dyn_cast;
using llvm::Function;
using llvm::Instruction;
using llvm::isa;

constexpr Effects kSynchronises = kReleases | kAcquires;
constexpr Effects kSynchronisesThenThrows = kReleasesThenThrows | kAcquiresThenThrows;

struct LibraryRow {
  llvm::StringRef name;
  Effects effects;
  bool only_as_twin;
};
constexpr LibraryRow kLibrary[] = {
#define FIBERSAN_TWIN_EFFECTS(name, effects) {#name, effects, true},
#define FIBERSAN_LIBRARY_EFFECTS(name, effects) {#name, effects, false},
#include "instrument/library_effects.def"
};

const LibraryRow* find_library_row(llvm::StringRef name) {
  static const auto* const rows = [] {
    auto* map = new llvm::StringMap<const LibraryRow*>;
    for (const LibraryRow& row : kLibrary) (*map)[row.name] = &row;
    return map;
  }();
  const llvm::StringRef original = original_libc_name(name);
  const bool is_twin = original.size() != name.size();
  auto found = rows->find(original);
  if (found == rows->end() || (found->second->only_as_twin && !is_twin)) return nullptr;
  return found->second;
}

// S3
Effects of_order(AtomicOrdering order) {
  Effects effects = kNoEffect;
  if (llvm::isReleaseOrStronger(order)) effects |= kReleases;
  if (llvm::isAcquireOrStronger(order)) effects |= kAcquires;
  return effects;
}

Effects of_atomic(const Instruction& instruction) {
  std::optional<llvm::SyncScope::ID> scope = llvm::getAtomicSyncScopeID(&instruction);
  if (!scope.has_value() || *scope == llvm::SyncScope::SingleThread) return kNoEffect;
  if (auto* load = dyn_cast<llvm::LoadInst>(&instruction))
    return of_order(load->getOrdering()) & kAcquires;
  if (auto* store = dyn_cast<llvm::StoreInst>(&instruction))
    return of_order(store->getOrdering()) & kReleases;
  if (auto* update = dyn_cast<llvm::AtomicRMWInst>(&instruction))
    return of_order(update->getOrdering());
  if (auto* exchange = dyn_cast<llvm::AtomicCmpXchgInst>(&instruction))
    return of_order(exchange->getSuccessOrdering()) |
           (of_order(exchange->getFailureOrdering()) & kAcquires);
  return of_order(llvm::cast<llvm::FenceInst>(instruction).getOrdering());
}

Effects of_intrinsic(const llvm::IntrinsicInst& intrinsic) {
  switch (intrinsic.getIntrinsicID()) {
    case llvm::Intrinsic::eh_sjlj_longjmp:
    case llvm::Intrinsic::eh_sjlj_setjmp:
    case llvm::Intrinsic::experimental_deoptimize:
    case llvm::Intrinsic::experimental_patchpoint:
    case llvm::Intrinsic::experimental_patchpoint_void:
    case llvm::Intrinsic::experimental_gc_statepoint:
    case llvm::Intrinsic::experimental_stackmap:
      return kAnything;
    default:
      // No code of its own.
      return intrinsic.doesNotReturn() ? kHangs : kNoEffect;
  }
}

// The pass's own assembly says that it touches nothing that the program knows.
Effects of_assembly(const CallBase& call) {
  const auto& assembly = *llvm::cast<llvm::InlineAsm>(call.getCalledOperand());
  const bool is_empty = llvm::StringRef(assembly.getAsmString()).trim().empty();
  const bool only_computes = !assembly.hasSideEffects() && call.doesNotAccessMemory();
  const bool is_ours = call.onlyAccessesInaccessibleMemory() && !call.doesNotAccessMemory();
  if (isa<llvm::CallBrInst>(call)) return kAnything;
  return is_empty || only_computes || is_ours || is_thread_address(call) ? kNoEffect : kAnything;
}

// Through aliases whose meaning is fixed: constructors of complete and base objects.
const Function* function_called(const CallBase& call) {
  const llvm::Value* callee = call.getCalledOperand()->stripPointerCasts();
  while (auto* alias = dyn_cast<llvm::GlobalAlias>(callee)) {
    if (alias->isInterposable()) return nullptr;
    callee = alias->getAliasee()->stripPointerCasts();
  }
  return dyn_cast<Function>(callee);
}

// What runs is this body or another compilation of its source.
bool has_known_body(const Function& function) {
  return !function.isDeclaration() && !function.isInterposable() &&
         !function.hasAvailableExternallyLinkage() &&
         !function.hasFnAttribute(llvm::Attribute::Naked);
}

llvm::SmallPtrSet<const BasicBlock*, 32> blocks_before_return(const Function& function) {
  llvm::SmallPtrSet<const BasicBlock*, 32> reached;
  llvm::SmallVector<const BasicBlock*, 16> open;
  for (const BasicBlock& block : function)
    if (isa<llvm::ReturnInst>(block.getTerminator())) open.push_back(&block);
  while (!open.empty()) {
    const BasicBlock* block = open.pop_back_val();
    if (!reached.insert(block).second) continue;
    for (const BasicBlock* before : llvm::predecessors(block)) open.push_back(before);
  }
  return reached;
}

bool has_cycle(const Function& function) {
  llvm::SmallVector<std::pair<const BasicBlock*, const BasicBlock*>, 1> edges;
  llvm::FindFunctionBackedges(function, edges);
  return !edges.empty();
}

// What an instruction of a function adds to the function's effects.
Effects seen_from_outside(const Instruction& at, Effects effects, bool comes_before_return) {
  Effects result = effects & kHangs;
  const bool is_invoke = isa<llvm::InvokeInst>(at);
  if (!is_invoke) result |= effects & kThrows;
  Effects here = effects & kSynchronises;
  if (is_invoke) here |= (effects & kSynchronisesThenThrows) / kReleasesThenThrows;
  if (comes_before_return) result |= here;
  // S4: it may lie before a throw of this function's own.
  result |= here * kReleasesThenThrows;
  result |= effects & kSynchronisesThenThrows;
  return result;
}
static_assert(kAcquiresThenThrows == kAcquires * kReleasesThenThrows && kReleases == 1);

struct CallSite {
  const CallBase* call;
  bool comes_before_return;
};

// The callees of one function that have known bodies, and what all the rest adds.
struct Body {
  Effects own = kNoEffect;
  std::vector<CallSite> calls;
};

}  // namespace

// Both fixpoints.
class ReleaseSummary::Computation {
 public:
  Computation(ReleaseSummary& summary, const llvm::Module& module) : summary_(summary) {
    for (const Function& function : module)
      if (has_known_body(function)) bodies_.try_emplace(&function);
    for (auto& [function, body] : bodies_) read(*function, body);
  }

  void run() {
    find_returning();
    for (auto& [function, body] : bodies_) {
      summary_.functions_[function] = visible(*function, body.own);
      open_.push_back(function);
    }
    while (!open_.empty()) {
      const Function* callee = open_.back();
      open_.pop_back();
      for (const auto& [caller, site] : callers_[callee]) add(*caller, site);
    }
  }

 private:
  void read(const Function& function, Body& body) {
    const auto before_return = blocks_before_return(function);
    for (const BasicBlock& block : function) {
      const bool comes_before_return = before_return.contains(&block);
      for (const Instruction& instruction : block) {
        auto* call = dyn_cast<CallBase>(&instruction);
        const Function* callee = call == nullptr ? nullptr : function_called(*call);
        if (callee != nullptr && bodies_.contains(callee)) {
          body.calls.push_back({call, comes_before_return});
          callers_[callee].push_back({&function, body.calls.back()});
        } else {
          body.own |=
              seen_from_outside(instruction, summary_.effects_of(instruction), comes_before_return);
        }
      }
    }
    if (!function.hasFnAttribute(llvm::Attribute::WillReturn) && has_cycle(function))
      body.own |= kHangs;
  }

  // S2, by counting for each function the calls not yet known to return. What remains hangs.
  void find_returning() {
    llvm::DenseMap<const Function*, size_t> unknown;
    std::vector<const Function*> returning;
    for (auto& [function, body] : bodies_) {
      if ((body.own & kHangs) != 0) continue;
      unknown[function] = body.calls.size();
      if (body.calls.empty()) returning.push_back(function);
    }
    llvm::SmallPtrSet<const Function*, 32> known;
    while (!returning.empty()) {
      const Function* callee = returning.back();
      returning.pop_back();
      known.insert(callee);
      for (const auto& [caller, site] : callers_[callee]) {
        auto count = unknown.find(caller);
        if (count != unknown.end() && --count->second == 0) returning.push_back(caller);
      }
    }
    for (auto& [function, body] : bodies_)
      if (!known.contains(function)) body.own |= kHangs;
  }

  static Effects visible(const Function& function, Effects effects) {
    return function.doesNotThrow() ? effects & ~(kThrows | kSynchronisesThenThrows) : effects;
  }

  void add(const Function& caller, const CallSite& site) {
    const Effects of_callee = summary_.effects_of(*site.call) & ~kHangs;
    const Effects added =
        visible(caller, seen_from_outside(*site.call, of_callee, site.comes_before_return));
    Effects& known = summary_.functions_[&caller];
    if ((added & ~known) == 0) return;
    known |= added;
    open_.push_back(&caller);
  }

  ReleaseSummary& summary_;
  llvm::DenseMap<const Function*, Body> bodies_;
  llvm::DenseMap<const Function*, std::vector<std::pair<const Function*, CallSite>>> callers_;
  std::vector<const Function*> open_;
};

ReleaseSummary::ReleaseSummary(const llvm::Module& module) { Computation(*this, module).run(); }

bool ReleaseSummary::may_release(const Instruction& instruction) const {
  const Effects which =
      isa<llvm::InvokeInst>(instruction) ? kReleases | kReleasesThenThrows : kReleases;
  return (effects_of(instruction) & which) != 0;
}

bool ReleaseSummary::may_acquire(const Instruction& instruction) const {
  const Effects which =
      isa<llvm::InvokeInst>(instruction) ? kAcquires | kAcquiresThenThrows : kAcquires;
  return (effects_of(instruction) & which) != 0;
}

bool ReleaseSummary::may_not_return(const Instruction& instruction) const {
  const Effects which = isa<llvm::InvokeInst>(instruction) ? kHangs : kHangs | kThrows;
  return (effects_of(instruction) & which) != 0;
}

Effects ReleaseSummary::effects_of(const Instruction& instruction) const {
  if (auto* call = dyn_cast<CallBase>(&instruction)) {
    Effects effects = effects_of_call(*call);
    if (call->doesNotThrow()) effects &= ~(kThrows | kSynchronisesThenThrows);
    return effects;
  }
  if (instruction.isAtomic()) return of_atomic(instruction);
  return isa<llvm::ResumeInst>(instruction) ? kThrows : kNoEffect;
}

Effects ReleaseSummary::effects_of_call(const CallBase& call) const {
  if (auto* intrinsic = dyn_cast<llvm::IntrinsicInst>(&call)) return of_intrinsic(*intrinsic);
  if (call.isInlineAsm()) return of_assembly(call);
  if (is_poll(call)) return kHangs;  // S3
  if (is_thread_address(call)) return kNoEffect;
  if (call.hasFnAttr(llvm::Attribute::ReturnsTwice)) return kAnything;  // S5
  const bool only_computes =
      call.onlyReadsMemory() && call.doesNotThrow() && call.hasFnAttr(llvm::Attribute::WillReturn);
  const Function* callee = function_called(call);
  if (callee == nullptr) return only_computes ? kNoEffect : kAnything;
  if (auto known = functions_.find(callee); known != functions_.end()) return known->second;
  if (only_computes) return kNoEffect;
  const bool is_library = callee->isDeclaration() && !call.isNoBuiltin() &&
                          !call.getFunction()->hasFnAttribute("no-builtins");
  return is_library ? effects_of_library(*callee) : kAnything;
}

Effects ReleaseSummary::effects_of_library(const Function& function) const {
  auto [entry, is_new] = libraries_.try_emplace(&function, kAnything);
  if (is_new) {
    if (const LibraryRow* row = find_library_row(function.getName())) entry->second = row->effects;
    if (function.getName() == "__fsan_acquire") entry->second = kAcquires;
    if (function.getName() == "__fsan_release") entry->second = kReleases;
  }
  return entry->second;
}

}  // namespace fibersan::instrument
