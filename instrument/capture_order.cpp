// capture_order.cpp: LLVM finds the captures; this file finds what lies behind them.
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
// More blocks than that behind a capture, and it counts everywhere.
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

// False: too many.
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

}  // namespace

class CaptureOrder::Tracker : public llvm::CaptureTracker {
 public:
  explicit Tracker(Captures& captures) : captures_(captures) {}

  void tooManyUses() override { captures_.are_anywhere = true; }

  bool shouldExplore(const llvm::Use* use) override {
    auto* call = dyn_cast<llvm::CallBase>(use->getUser());
    if (call == nullptr || !call->isArgOperand(use) || !is_free(*call)) return true;
    add(*call);
    return false;
  }

  bool captured(const llvm::Use* use) override {
    auto* instruction = llvm::cast<Instruction>(use->getUser());
    if (isa<llvm::ReturnInst>(instruction))
      captures_.is_returned = true;
    else if (!isa<llvm::ICmpInst>(instruction))
      add(*instruction);
    return false;
  }

 private:
  void add(const Instruction& instruction) {
    auto [entry, is_new] =
        captures_.first_in_block.try_emplace(instruction.getParent(), &instruction);
    if (!is_new && instruction.comesBefore(entry->second)) entry->second = &instruction;
  }

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

bool CaptureOrder::is_never_captured(const llvm::Value* object) {
  const Captures& captures = captures_of(object);
  return !captures.are_anywhere && !captures.is_returned && captures.first_in_block.empty();
}

bool CaptureOrder::may_be_captured_before(const llvm::Value* object, const Instruction& at,
                                          bool is_newest) {
  const Captures& captures = captures_of(object);
  if (captures.are_anywhere) return true;
  if (captures.first_in_block.empty()) return false;
  const BasicBlock* block = at.getParent();
  if ((is_newest ? captures.behind_newest : captures.behind).contains(block)) return true;
  auto in_block = captures.first_in_block.find(block);
  return in_block != captures.first_in_block.end() && !at.comesBefore(in_block->second);
}

const CaptureOrder::Captures& CaptureOrder::captures_of(const llvm::Value* object) {
  auto [entry, is_new] = captures_.try_emplace(object);
  Captures& captures = entry->second;
  if (!is_new) return captures;
  Tracker tracker(captures);
  llvm::PointerMayBeCaptured(object, &tracker, kUsesToExplore);
  if (captures.first_in_block.empty()) return captures;
  captures.are_anywhere |= has_hidden_paths_;
  // A local variable is one for the whole call, in every iteration.
  auto* allocation = dyn_cast<llvm::CallBase>(object);
  const BasicBlock* barrier = allocation == nullptr ? nullptr : allocation->getParent();
  for (auto [block, capture] : captures.first_in_block) {
    if (captures.are_anywhere) break;
    captures.are_anywhere = !collect_behind(*block, /*barrier=*/nullptr, captures.behind) ||
                            !collect_behind(*block, barrier, captures.behind_newest);
  }
  return captures;
}

}  // namespace fibersan::instrument
