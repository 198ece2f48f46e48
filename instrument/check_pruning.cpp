// check_pruning.cpp: a forward walk that carries the checks made so far down chains of
// single predecessors.
#include "instrument/check_pruning.h"

#include <algorithm>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {
namespace {

constexpr size_t kRemembered = 256;

// Bytes [begin, end) from `base` on are checked.
struct Checked {
  const llvm::Value* base;
  int64_t begin;
  int64_t end;
  AccessKind kind;
  unsigned stretch;
  size_t access;  // index of the access that makes the check
};
using Ranges = std::vector<Checked>;

bool covers(const Checked& outer, const Checked& inner) {
  return outer.base == inner.base && outer.begin <= inner.begin && inner.end <= outer.end &&
         (outer.kind == AccessKind::kWrite || inner.kind == AccessKind::kRead);
}

Checked range_of(const Access& access, size_t index) {
  const llvm::DataLayout& layout = access.instruction->getModule()->getDataLayout();
  llvm::APInt offset(layout.getIndexTypeSizeInBits(access.address->getType()), access.offset);
  const llvm::Value* base =
      access.address->stripAndAccumulateConstantOffsets(layout, offset, /*AllowNonInbounds=*/true);
  int64_t begin = offset.getSExtValue();
  return {base,        begin,          begin + static_cast<int64_t>(access.size),
          access.kind, access.stretch, index};
}

class Pruning {
 public:
  Pruning(std::vector<Access>& accesses, const ReleaseSummary& summary, Statistics& statistics)
      : accesses_(accesses),
        summary_(summary),
        statistics_(statistics),
        dropped_(accesses.size(), false) {}

  void run() {
    for (size_t i = 0; i < accesses_.size(); ++i)
      first_access_.try_emplace(accesses_[i].instruction, i);
    llvm::Function& function = *accesses_.front().instruction->getFunction();
    for (llvm::BasicBlock* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&function))
      visit(*block);
    size_t index = 0;
    std::erase_if(accesses_, [&](const Access&) { return dropped_[index++]; });
  }

 private:
  void visit(llvm::BasicBlock& block) {
    Ranges checked;
    // In this order a single predecessor comes before the block.
    if (const llvm::BasicBlock* predecessor = block.getSinglePredecessor())
      if (auto known = on_exit_.find(predecessor); known != on_exit_.end()) checked = known->second;
    for (llvm::Instruction& instruction : block) {
      if (auto first = first_access_.find(&instruction); first != first_access_.end())
        for (size_t i = first->second;
             i < accesses_.size() && accesses_[i].instruction == &instruction; ++i)
          add(checked, i);
      if (summary_.may_release(instruction)) checked.clear();
    }
    if (!checked.empty()) on_exit_[&block] = std::move(checked);
  }

  void add(Ranges& checked, size_t index) {
    Checked range = range_of(accesses_[index], index);
    auto covering = std::ranges::find_if(checked, [&](auto& c) { return covers(c, range); });
    if (covering != checked.end() && is_enabled(Elimination::kRepeated)) {
      drop(index, Elimination::kRepeated);
      return;
    }
    const Access& access = accesses_[index];
    const bool sets_vptr = access.is_vptr && access.kind == AccessKind::kWrite;
    if (access.mask != nullptr || sets_vptr) return;  // R2
    std::erase_if(checked, [&](const Checked& earlier) {
      if (!covers(range, earlier)) return false;
      bool is_same_bytes = earlier.begin == range.begin && earlier.end == range.end;
      if (is_same_bytes && earlier.stretch == range.stretch && is_enabled(Elimination::kLater))
        drop(earlier.access, Elimination::kLater);
      return true;
    });
    if (checked.size() < kRemembered) checked.push_back(range);
  }

  void drop(size_t index, Elimination rule) {
    dropped_[index] = true;
    statistics_.eliminated(rule, *accesses_[index].instruction);
  }

  std::vector<Access>& accesses_;
  const ReleaseSummary& summary_;
  Statistics& statistics_;
  std::vector<bool> dropped_;
  llvm::DenseMap<const llvm::Instruction*, size_t> first_access_;
  llvm::DenseMap<const llvm::BasicBlock*, Ranges> on_exit_;
};

}  // namespace

void prune_checks(std::vector<Access>& accesses, const ReleaseSummary& summary,
                  Statistics& statistics) {
  if (!accesses.empty()) Pruning(accesses, summary, statistics).run();
}

}  // namespace fibersan::instrument
