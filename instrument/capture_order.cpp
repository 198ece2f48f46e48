// capture_order.cpp: LLVM finds the captures; this file finds what lies before and behind them.
#include "instrument/capture_order.h"

#include "instrument/libc_calls.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/CaptureTracking.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Instructions.h"

namespace fibersan::instrument {
namespace {

using llvm::BasicBlock;
using llvm::dyn_cast;
using llvm::Instruction;
using llvm::isa;
using BlockSet = llvm::SmallPtrSetImpl<const BasicBlock*>;

// More uses than LLVM explores by default: -O0 code loads its variables at every use.
constexpr unsigned kUsesToExplore = 1000;
// More blocks than that around a capture, and it counts everywhere.
constexpr size_t kBlocksToExplore = 4000;

llvm::StringRef name_of_callee(const llvm::CallBase& call) {
  const llvm::Function* callee = call.getCalledFunction();
  return callee == nullptr ? "" : original_libc_name(callee->getName());
}

bool is_free(const llvm::CallBase& call) {
  llvm::StringRef name = name_of_callee(call);
  return name == "free" || name == "realloc" || name == "reallocarray" ||
         name.starts_with("_ZdlPv") || name.starts_with("_ZdaPv");
}

bool returns_twice(const Instruction& instruction) {
  auto* call = dyn_cast<llvm::CallBase>(&instruction);
  return call != nullptr && call->hasFnAttr(llvm::Attribute::ReturnsTwice);
}

bool has_call_that_returns_twice(const llvm::Function& function) {
  for (const BasicBlock& block : function)
    if (llvm::any_of(block, returns_twice)) return true;
  return false;
}

// Both return false when there are too many. The way ends where the barrier makes a new object.
bool collect_behind(const BasicBlock& start, const BasicBlock* barrier, BlockSet& behind) {
  llvm::SmallVector<const BasicBlock*, 16> work(llvm::successors(&start));
  while (!work.empty()) {
    const BasicBlock* block = work.pop_back_val();
    if (block == barrier || !behind.insert(block).second) continue;
    if (behind.size() > kBlocksToExplore) return false;
    llvm::append_range(work, llvm::successors(block));
  }
  return true;
}

bool collect_before(const BasicBlock& end, const BasicBlock* barrier, BlockSet& before) {
  llvm::SmallVector<const BasicBlock*, 16> work{&end};
  size_t size = 0;
  llvm::SmallPtrSet<const BasicBlock*, 16> seen;
  while (!work.empty()) {
    const BasicBlock* block = work.pop_back_val();
    if (!seen.insert(block).second) continue;
    before.insert(block);
    if (++size > kBlocksToExplore) return false;
    if (block != barrier) llvm::append_range(work, llvm::predecessors(block));
  }
  return true;
}

}  // namespace

class CaptureOrder::Tracker : public llvm::CaptureTracker {
 public:
  explicit Tracker(Captures& captures) : captures_(captures) {}

  void tooManyUses() override { captures_.are_anywhere = true; }

  bool shouldExplore(const llvm::Use* use) override {
    auto* call = dyn_cast<llvm::CallBase>(use->getUser());
    if (call == nullptr || !call->isArgOperand(use) || !is_free(*call)) return true;
    auto [entry, is_new] = captures_.first_free_in.try_emplace(call->getParent(), call);
    if (!is_new && call->comesBefore(entry->second)) entry->second = call;
    return false;
  }

  bool captured(const llvm::Use* use) override {
    auto* instruction = llvm::cast<Instruction>(use->getUser());
    if (!isa<llvm::ICmpInst>(instruction)) captures_.in.insert(instruction->getParent());
    return false;
  }

 private:
  Captures& captures_;
};

bool is_fresh_allocation(const llvm::CallBase& call) {
  llvm::StringRef name = name_of_callee(call);
  if (name == "realloc" || name == "reallocarray") return false;
  return call.hasRetAttr(llvm::Attribute::NoAlias) ||
         llvm::StringSwitch<bool>(name)
             .Cases("malloc", "calloc", "memalign", "aligned_alloc", "valloc", "pvalloc", true)
             .Cases("_Znwm", "_ZnwmRKSt9nothrow_t", "_ZnwmSt11align_val_t",
                    "_ZnwmSt11align_val_tRKSt9nothrow_t", true)
             .Cases("_Znam", "_ZnamRKSt9nothrow_t", "_ZnamSt11align_val_t",
                    "_ZnamSt11align_val_tRKSt9nothrow_t", true)
             .Default(false);
}

CaptureOrder::CaptureOrder(const llvm::Function& function)
    : has_hidden_paths_(has_call_that_returns_twice(function)) {}

bool CaptureOrder::is_unknown_to_others(const llvm::Value* object, const Instruction& at,
                                        bool is_newest) {
  const Captures& captures = captures_of(object);
  if (captures.are_anywhere || captures.around[is_newest].contains(at.getParent())) return false;
  auto free = captures.first_free_in.find(at.getParent());
  return free == captures.first_free_in.end() || at.comesBefore(free->second);
}

void CaptureOrder::find_ways(const llvm::Value* object, Captures& captures) const {
  // A local variable is one for the whole call, in every iteration.
  auto* allocation = dyn_cast<llvm::CallBase>(object);
  const BasicBlock* barriers[] = {nullptr,
                                  allocation == nullptr ? nullptr : allocation->getParent()};
  for (unsigned newest = 0; newest < 2; ++newest) {
    Blocks& around = captures.around[newest];
    Blocks behind;
    bool is_complete = true;
    for (const BasicBlock* block : captures.in)
      is_complete = is_complete && collect_before(*block, barriers[newest], around) &&
                    collect_behind(*block, barriers[newest], behind);
    for (auto [block, free] : captures.first_free_in)
      is_complete = is_complete && collect_behind(*block, barriers[newest], behind);
    captures.are_anywhere |= !is_complete;
    around.insert(behind.begin(), behind.end());
  }
}

const CaptureOrder::Captures& CaptureOrder::captures_of(const llvm::Value* object) {
  auto [entry, is_new] = captures_.try_emplace(object);
  Captures& captures = entry->second;
  if (!is_new) return captures;
  Tracker tracker(captures);
  llvm::PointerMayBeCaptured(object, &tracker, kUsesToExplore);
  if (captures.in.empty() && captures.first_free_in.empty()) return captures;
  captures.are_anywhere |= has_hidden_paths_;
  if (!captures.are_anywhere) find_ways(object, captures);
  return captures;
}

}  // namespace fibersan::instrument
