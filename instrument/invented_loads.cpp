// invented_loads.cpp: sets an option of LLVM as `-mllvm -enable-load-in-loop-pre=false` would, and
// hides from single passes what they would invent loads from.
#include "instrument/invented_loads.h"

#include <memory>

#include "instrument/speculation.h"
#include "llvm/Analysis/LazyCallGraph.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ValueHandle.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/ErrorHandling.h"

namespace fibersan::instrument {

namespace {

using llvm::CallInst;
using llvm::Function;
using llvm::LoadInst;
using llvm::StringRef;

void forbid_loads_for_the_next_round() {
  llvm::StringMap<llvm::cl::Option*>& options = llvm::cl::getRegisteredOptions();
  auto found = options.find("enable-load-in-loop-pre");
  if (found == options.end())
    llvm::report_fatal_error(
        "fibersan: this LLVM has no option enable-load-in-loop-pre; its GVN would invent loads",
        /*gen_crash_diag=*/false);
  static_cast<llvm::cl::opt<bool>*>(found->second)->setValue(false);
}

// What one pass must not see. A pass may delete any of it.
class Disguise {
 public:
  // A volatile load happens once, where it stands.
  void hide(LoadInst& load) {
    load.setVolatile(true);
    loads_.emplace_back(&load);
  }

  void hide(llvm::IntrinsicInst& call) {
    Function* intrinsic = call.getCalledFunction();
    auto unknown = call.getModule()->getOrInsertFunction(("fibersan." + intrinsic->getName()).str(),
                                                         intrinsic->getFunctionType());
    call.setCalledFunction(unknown);
    intrinsics_.push_back({&call, intrinsic});
  }

  void hide(CallInst& call) {
    call.addFnAttr(llvm::Attribute::NoBuiltin);
    calls_.emplace_back(&call);
  }

  void remove() {
    for (const llvm::WeakVH& one : loads_)
      if (auto* load = llvm::dyn_cast_if_present<LoadInst>(one)) load->setVolatile(false);
    for (const llvm::WeakVH& one : calls_)
      if (auto* call = llvm::dyn_cast_if_present<CallInst>(one))
        call->removeFnAttr(llvm::Attribute::NoBuiltin);
    for (const Intrinsic& one : intrinsics_)
      if (auto* call = llvm::dyn_cast_if_present<CallInst>(one.call)) {
        Function* unknown = call->getCalledFunction();
        call->setCalledFunction(one.function);
        if (unknown->use_empty()) unknown->eraseFromParent();
      }
    loads_.clear();
    calls_.clear();
    intrinsics_.clear();
  }

 private:
  struct Intrinsic {
    llvm::WeakVH call;
    Function* function;
  };
  std::vector<llvm::WeakVH> loads_;
  std::vector<llvm::WeakVH> calls_;
  std::vector<Intrinsic> intrinsics_;
};

void disguise_choices(Function& function, bool (*is_choice)(const LoadInst&), Disguise& disguise) {
  for (llvm::Instruction& instruction : llvm::instructions(function))
    if (auto* load = llvm::dyn_cast<LoadInst>(&instruction))
      if (load->isSimple() && is_choice(*load)) disguise.hide(*load);
}

void disguise_calls(Function& function, Disguise& disguise) {
  for (llvm::Instruction& instruction : llvm::instructions(function)) {
    auto* call = llvm::dyn_cast<CallInst>(&instruction);
    if (call == nullptr) continue;
    auto* intrinsic = llvm::dyn_cast<llvm::IntrinsicInst>(call);
    if (intrinsic != nullptr && is_maskable(*intrinsic)) disguise.hide(*intrinsic);
    if (compares_with_constant(*call)) disguise.hide(*call);
  }
}

// One compilation's passes.
class Passes {
 public:
  void keep_analyses(llvm::FunctionAnalysisManager& analyses) { analyses_ = &analyses; }

  void before(StringRef pass, const llvm::Any& ir) {
    if (auto* one = llvm::any_cast<const Function*>(&ir)) {
      Function& function = const_cast<Function&>(**one);
      if (!is_checked(function)) return;
      if (pass == "SROAPass") disguise_choices(function, reads_local_or_other, disguise_);
      if (pass == "InstCombinePass") {
        disguise_choices(function, reads_one_of_several, disguise_);
        disguise_calls(function, disguise_);
      }
    } else if (pass == "LICMPass") {
      if (auto* one = llvm::any_cast<const llvm::Loop*>(&ir)) loop(**one);
    } else if (pass == "ArgumentPromotionPass") {
      if (auto* one = llvm::any_cast<const llvm::LazyCallGraph::SCC*>(&ir)) functions(**one);
    }
  }

  void after(StringRef pass) {
    if (pass == "InstCombinePass" || pass == "SROAPass" || pass == "LICMPass" ||
        pass == "ArgumentPromotionPass")
      disguise_.remove();
  }

 private:
  static bool is_checked(const Function& function) {
    return function.hasFnAttribute(llvm::Attribute::SanitizeThread);
  }

  void loop(const llvm::Loop& loop) {
    Function& function = *loop.getHeader()->getParent();
    if (!is_checked(function)) return;
    auto* tree = analyses_->getCachedResult<llvm::DominatorTreeAnalysis>(function);
    if (tree == nullptr)
      llvm::report_fatal_error("fibersan: LICM without a dominator tree: loads may be invented",
                               /*gen_crash_diag=*/false);
    for (LoadInst* load : conditional_loads(loop, *tree)) disguise_.hide(*load);
  }

  void functions(const llvm::LazyCallGraph::SCC& component) {
    for (llvm::LazyCallGraph::Node& node : const_cast<llvm::LazyCallGraph::SCC&>(component))
      if (Function& function = node.getFunction();
          is_checked(function) && function.hasLocalLinkage())
        for (LoadInst* load : conditional_argument_loads(function)) disguise_.hide(*load);
  }

  llvm::FunctionAnalysisManager* analyses_ = nullptr;
  Disguise disguise_;
};

}  // namespace

void forbid_invented_loads(llvm::PassBuilder& builder) {
  forbid_loads_for_the_next_round();
  llvm::PassInstrumentationCallbacks* callbacks = builder.getPassInstrumentationCallbacks();
  if (callbacks == nullptr)
    llvm::report_fatal_error("fibersan: no callbacks around passes: loads may be invented",
                             /*gen_crash_diag=*/false);
  auto passes = std::make_shared<Passes>();
  builder.registerAnalysisRegistrationCallback(
      [passes](llvm::FunctionAnalysisManager& analyses) { passes->keep_analyses(analyses); });
  callbacks->registerBeforeNonSkippedPassCallback(
      [passes](StringRef pass, const llvm::Any& ir) { passes->before(pass, ir); });
  callbacks->registerAfterPassCallback(
      [passes](StringRef pass, const llvm::Any&, const llvm::PreservedAnalyses&) {
        passes->after(pass);
      });
  callbacks->registerAfterPassInvalidatedCallback(
      [passes](StringRef pass, const llvm::PreservedAnalyses&) { passes->after(pass); });
}

}  // namespace fibersan::instrument
