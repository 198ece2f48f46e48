// loop_checks.cpp: from the inner loops out, first all decisions, then the code.
#include "instrument/loop_checks.h"

#include <algorithm>

#include "instrument/check_emitter.h"
#include "instrument/debug_location.h"
#include "instrument/loop_certainty.h"
#include "instrument/loop_ranges.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

namespace fibersan::instrument {
namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Loop;
using llvm::SCEV;
using llvm::Value;

bool is_movable(const Access& access) {
  return access.mask == nullptr && !access.is_vptr && !access.instruction->isVolatile() &&
         (llvm::isa<llvm::LoadInst, llvm::StoreInst, llvm::MemIntrinsic>(access.instruction));
}

// Decides which checks are made where.
class Motion {
 public:
  Motion(const FunctionPlan& plan, const ReleaseSummary& summary, llvm::LoopInfo& loops,
         llvm::ScalarEvolution& evolution)
      : plan_(plan),
        summary_(summary),
        loops_(loops),
        evolution_(evolution),
        expander_(evolution, evolution.getDataLayout(), "range") {}

  // Those that have moved.
  LoopChecks run() {
    for (size_t i = 0; i < plan_.accesses.size(); ++i) collect(i);
    auto outermost_first = loops_.getLoopsInPreorder();
    for (Loop* loop : llvm::reverse(outermost_first)) visit(*loop);
    return std::move(moved_);
  }

 private:
  void collect(size_t index) {
    const Access& access = plan_.accesses[index];
    const Loop* loop = loops_.getLoopFor(access.instruction->getParent());
    if (loop == nullptr || !is_movable(access)) return;
    auto* type = llvm::Type::getInt64Ty(access.instruction->getContext());
    const SCEV* address = evolution_.getAddExpr(evolution_.getSCEV(access.address),
                                                evolution_.getConstant(type, access.offset));
    checks_[loop].push_back({.start = address,
                             .bytes = evolution_.getConstant(type, access.size),
                             .alignment = access.alignment,
                             .kind = access.kind,
                             .place = access.instruction,
                             .source = access.instruction,
                             .accesses = {index}});
  }

  void visit(const Loop& loop) {
    auto found = checks_.find(&loop);
    if (found == checks_.end()) return;
    LoopChecks inside = std::move(found->second);
    const BasicBlock* preheader = loop.getLoopPreheader();
    if (preheader == nullptr) return stay(inside);
    LoopCertainty certainty(loop, summary_, loops_, evolution_);
    if (certainty.may_release()) return stay(inside);  // M2
    const Instruction& entry = *preheader->getTerminator();
    LoopChecks others;
    for (LoopCheck& check : inside) {
      if (!certainty.surely_reaches(*check.place))
        stay(std::move(check));
      else if (!is_invariant(check, loop))
        others.push_back(std::move(check));
      else if (is_enabled(Elimination::kHoisted) && can_be_made_at(check, entry))
        move_to(entry, std::move(check));
      else
        stay(std::move(check));
    }
    const bool is_calm = !certainty.may_acquire() && !certainty.may_stop();
    if (is_enabled(Elimination::kLoopRange) && !others.empty() && is_calm)
      for (LoopCheck& range : take_ranges(loop, others, evolution_, [&](const LoopCheck& range) {
             return can_be_made_at(range, entry);
           }))
        move_to(entry, std::move(range));
    stay(others);
  }

  bool is_invariant(const LoopCheck& check, const Loop& loop) {
    return evolution_.isLoopInvariant(check.start, &loop) &&
           evolution_.isLoopInvariant(check.bytes, &loop);
  }

  bool can_be_made_at(const LoopCheck& check, const Instruction& entry) {
    return expander_.isSafeToExpandAt(check.start, &entry) &&
           expander_.isSafeToExpandAt(check.bytes, &entry);
  }

  void move_to(const Instruction& entry, LoopCheck check) {
    check.place = &entry;
    check.has_moved = true;
    if (const Loop* around = loops_.getLoopFor(entry.getParent()))
      checks_[around].push_back(std::move(check));  // M6
    else
      stay(std::move(check));
  }

  void stay(LoopCheck check) {
    if (check.has_moved) moved_.push_back(std::move(check));
  }
  void stay(LoopChecks& checks) {
    for (LoopCheck& check : checks) stay(std::move(check));
  }

  const FunctionPlan& plan_;
  const ReleaseSummary& summary_;
  llvm::LoopInfo& loops_;
  llvm::ScalarEvolution& evolution_;
  llvm::SCEVExpander expander_;
  llvm::DenseMap<const Loop*, LoopChecks> checks_;
  LoopChecks moved_;
};

// Puts what has moved into the plan.
class Replacement {
 public:
  Replacement(FunctionPlan& plan, llvm::ScalarEvolution& evolution, Statistics& statistics)
      : plan_(plan),
        statistics_(statistics),
        expander_(evolution, evolution.getDataLayout(), "range"),
        replaced_(plan.accesses.size(), false) {}

  void run(const LoopChecks& moved, llvm::Function& function) {
    for (const Access& access : plan_.accesses)
      next_stretch_ = std::max(next_stretch_, access.stretch + 1);
    for (const LoopCheck& check : moved) put(check);
    erase_marked(plan_.accesses, replaced_);
    insert_in_order(function);
  }

 private:
  void put(const LoopCheck& check) {
    const Elimination rule = check.is_range ? Elimination::kLoopRange : Elimination::kHoisted;
    for (size_t access : check.accesses) {
      replaced_[access] = true;
      statistics_.eliminated(rule, *plan_.accesses[access].instruction);
    }
    Instruction& mark = mark_before(const_cast<Instruction&>(*check.place), *check.source);
    Value* address = expand(check.start, mark);
    auto* bytes = llvm::dyn_cast<llvm::SCEVConstant>(check.bytes);
    const uint64_t size = bytes == nullptr ? 0 : bytes->getAPInt().getZExtValue();
    if (bytes != nullptr && size <= kLargestInlineCheck)
      inserted_[mark.getParent()].push_back(
          {&mark, address, /*offset=*/0, size, check.alignment, check.kind, next_stretch_,
           /*mask=*/nullptr, /*is_vptr=*/false, /*has_moved=*/true});
    else
      plan_.ranges.push_back(
          {&mark, address, expand(check.bytes, mark), check.kind, /*has_moved=*/true});
  }

  // An instruction without effect that has a place in the code and a location: M5.
  static Instruction& mark_before(Instruction& place, const Instruction& source) {
    llvm::IRBuilder<> builder(&place);
    builder.SetCurrentDebugLocation(debug_location_near(const_cast<Instruction&>(source)));
    return *builder.CreateIntrinsic(llvm::Intrinsic::donothing, {}, {});
  }

  Value* expand(const SCEV* value, Instruction& before) {
    return expander_.expandCodeFor(value, value->getType(), &before);
  }

  // A2: at the end of their blocks.
  void insert_in_order(llvm::Function& function) {
    if (inserted_.empty()) return;
    llvm::DenseMap<const BasicBlock*, std::vector<Access>> of_blocks;
    for (Access& access : plan_.accesses)
      of_blocks[access.instruction->getParent()].push_back(access);
    plan_.accesses.clear();
    for (const BasicBlock* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&function)) {
      llvm::append_range(plan_.accesses, of_blocks[block]);
      for (Access& access : inserted_[block]) {
        access.stretch = next_stretch_;
        plan_.accesses.push_back(access);
      }
      ++next_stretch_;
    }
  }

  FunctionPlan& plan_;
  Statistics& statistics_;
  llvm::SCEVExpander expander_;
  std::vector<bool> replaced_;
  unsigned next_stretch_ = 0;
  llvm::DenseMap<const BasicBlock*, std::vector<Access>> inserted_;
};

}  // namespace

void move_checks_out_of_loops(llvm::Function& function, FunctionPlan& plan,
                              const ReleaseSummary& summary,
                              llvm::FunctionAnalysisManager& analyses, Statistics& statistics) {
  if (function.hasOptNone() || plan.accesses.empty()) return;
  auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
  // A cycle that is no loop may never end.
  llvm::ReversePostOrderTraversal<const llvm::Function*> order(&function);
  if (loops.empty() || llvm::containsIrreducibleCFG<const BasicBlock*>(
                           order, const_cast<const llvm::LoopInfo&>(loops)))
    return;
  auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
  LoopChecks moved = Motion(plan, summary, loops, evolution).run();
  Replacement(plan, evolution, statistics).run(moved, function);
}

}  // namespace fibersan::instrument
