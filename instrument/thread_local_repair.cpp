// thread_local_repair.cpp: three steps. Calls of errno's kind lose their attributes; addresses
// move to their uses; what is left of them takes the form that cannot be kept.
#include "instrument/thread_local_repair.h"

#include "instrument/function_filter.h"
#include "instrument/other_instrumentation.h"
#include "instrument/thread_address.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/ReplaceConstant.h"

namespace fibersan::instrument {
namespace {

using llvm::CallInst;
using llvm::dyn_cast;
using llvm::GlobalValue;
using llvm::Instruction;
using llvm::isa;
using llvm::Value;

// Declared __attribute__((const)) by the system's headers, true for threads only.
constexpr const char* kAnswersForThread[] = {
    "__errno_location",    "__h_errno_location",    "__res_state",  "__ctype_b_loc",
    "__ctype_tolower_loc", "__ctype_toupper_loc",   "pthread_self", "thrd_current",
    "__cxa_get_globals",   "__cxa_get_globals_fast"};

void forbid_keeping_result(llvm::CallBase& call) {
  call.removeFnAttr(llvm::Attribute::Memory);
  call.removeFnAttr(llvm::Attribute::Speculatable);
}

void forbid_keeping_results(llvm::Function& function) {
  function.removeFnAttr(llvm::Attribute::Memory);
  function.removeFnAttr(llvm::Attribute::Speculatable);
  for (llvm::User* user : function.users())
    if (auto* call = dyn_cast<llvm::CallBase>(user)) forbid_keeping_result(*call);
}

bool answers_for_thread(const llvm::Function& function) {
  return llvm::is_contained(kAnswersForThread, function.getName());
}

bool is_thread_local_address(const Instruction& instruction) {
  auto* intrinsic = dyn_cast<llvm::IntrinsicInst>(&instruction);
  return intrinsic != nullptr &&
         (intrinsic->getIntrinsicID() == llvm::Intrinsic::threadlocal_address ||
          intrinsic->getIntrinsicID() == llvm::Intrinsic::thread_pointer);
}

// T2. By their names in the C++ ABI.
bool is_guard(const Instruction& address) {
  auto& call = llvm::cast<CallInst>(address);
  if (call.arg_size() == 0) return false;
  llvm::StringRef name = call.getArgOperand(0)->getName();
  return name.starts_with("_ZGV") || name.starts_with("__tls_guard");
}

// Computes an address of the calling thread and nothing else, so it may be done again.
bool is_source(const Instruction& instruction) {
  if (is_thread_local_address(instruction)) return !is_guard(instruction);
  auto* call = dyn_cast<CallInst>(&instruction);
  if (call == nullptr || call->arg_size() != 0 || call->isMustTailCall()) return false;
  const llvm::Function* callee = call->getCalledFunction();
  if (callee == nullptr || !callee->getReturnType()->isPointerTy()) return false;
  // _ZTW: clang's function for a thread_local with a constructor.
  return answers_for_thread(*callee) || callee->getName().starts_with("_ZTW");
}

bool may_switch(const Instruction& instruction) {
  auto* call = dyn_cast<llvm::CallBase>(&instruction);
  if (call == nullptr || call->isInlineAsm()) return false;
  const llvm::Function* callee = call->getCalledFunction();
  if (callee == nullptr) return true;
  if (callee->isIntrinsic()) return callee->getName().starts_with("llvm.coro.");
  return !answers_for_thread(*callee);
}

bool is_arithmetic(const llvm::User* user) {
  return isa<llvm::GetElementPtrInst>(user) || isa<llvm::AddrSpaceCastInst>(user) ||
         isa<llvm::BitCastInst>(user);
}

bool is_stretch(const Instruction& from, const Instruction& to) {
  if (from.getParent() != to.getParent()) return false;
  for (const Instruction* i = from.getNextNode(); i != nullptr; i = i->getNextNode()) {
    if (i == &to) return true;
    if (may_switch(*i)) return false;
  }
  return false;
}

// Moves one source's computation to those of its uses that lie behind a possible switch.
class Recomputation {
 public:
  explicit Recomputation(Instruction& source) : source_(source) {}

  void run() {
    visit_uses_of(source_);
    // Users before what they use.
    for (Instruction* step : llvm::reverse(steps_))
      if (step->use_empty()) step->eraseFromParent();
    if (source_.use_empty()) source_.eraseFromParent();
  }

 private:
  void visit_uses_of(Instruction& step) {
    llvm::SmallVector<llvm::Use*, 8> uses;
    for (llvm::Use& use : step.uses()) uses.push_back(&use);
    for (llvm::Use* use : uses)
      if (use->get() == &step) visit(*use);
  }

  void visit(llvm::Use& use) {
    auto* user = llvm::cast<Instruction>(use.getUser());
    if (is_arithmetic(user)) {
      steps_.push_back(user);
      visit_uses_of(*user);
      return;
    }
    auto* phi = dyn_cast<llvm::PHINode>(user);
    llvm::BasicBlock* edge = phi == nullptr ? nullptr : phi->getIncomingBlock(use);
    Instruction& place = phi == nullptr ? *user : *edge->getTerminator();
    if (is_stretch(source_, place)) return;
    Value* copy = copy_at(llvm::cast<Instruction>(use.get()), place);
    if (phi == nullptr)
      use.set(copy);
    else  // all edges from one block bring the same value
      phi->setIncomingValueForBlock(edge, copy);
  }

  Value* copy_at(Instruction* step, Instruction& place) {
    Instruction* copy = step->clone();
    copy->insertBefore(&place);
    if (step != &source_) {
      unsigned base = 0;  // of a GEP and of a cast the address is the first operand
      copy->setOperand(base, copy_at(llvm::cast<Instruction>(step->getOperand(base)), *copy));
    }
    return copy;
  }

  Instruction& source_;
  llvm::SmallVector<Instruction*, 4> steps_;
};

void replace_addresses(llvm::Function& function, ThreadAddress& addresses) {
  for (llvm::BasicBlock& block : function) {
    llvm::DenseMap<Value*, Value*> known;  // since the last possible switch
    for (Instruction& instruction : llvm::make_early_inc_range(block)) {
      if (may_switch(instruction)) known.clear();
      if (!is_thread_local_address(instruction)) continue;
      auto& call = llvm::cast<CallInst>(instruction);
      auto* variable =
          call.arg_size() == 0 ? nullptr : llvm::cast<GlobalValue>(call.getArgOperand(0));
      Value*& address = known[variable];
      if (address == nullptr) {
        llvm::IRBuilder<> builder(&call);
        address = variable == nullptr ? addresses.thread_pointer(builder)
                                      : addresses.of(builder, *variable);
      }
      call.replaceAllUsesWith(address);
      call.eraseFromParent();
    }
  }
}

// Code that names the variable without the intrinsic, as old or hand-written IR does.
void name_addresses(llvm::Module& module) {
  llvm::SmallVector<llvm::Constant*, 8> variables;
  for (llvm::GlobalVariable& variable : module.globals())
    if (variable.isThreadLocal()) variables.push_back(&variable);
  llvm::convertUsersOfConstantsToInstructions(variables);
  for (llvm::Constant* variable : variables) {
    llvm::SmallVector<llvm::Use*, 8> uses;
    for (llvm::Use& use : variable->uses()) uses.push_back(&use);
    for (llvm::Use* use : uses) {
      auto* user = dyn_cast<Instruction>(use->getUser());
      if (user == nullptr || isa<llvm::IntrinsicInst>(user) || isa<llvm::PHINode>(user) ||
          is_polled_already(*user->getFunction()))
        continue;
      use->set(llvm::IRBuilder<>(user).CreateThreadLocalAddress(llvm::cast<GlobalValue>(variable)));
    }
  }
}

}  // namespace

void repair_thread_locals(llvm::Module& module) {
  if (!is_supported(module)) return;  // the later passes say so
  llvm::SmallVector<llvm::Function*, 32> functions;
  for (llvm::Function& function : module) {
    if (answers_for_thread(function)) forbid_keeping_results(function);
    if (!function.isDeclaration() && !function.hasFnAttribute(llvm::Attribute::Naked) &&
        !is_polled_already(function))
      functions.push_back(&function);
  }
  name_addresses(module);
  ThreadAddress addresses(module);
  for (llvm::Function* function : functions) {
    llvm::SmallVector<Instruction*, 8> sources;
    for (Instruction& instruction : llvm::instructions(*function))
      if (is_source(instruction)) sources.push_back(&instruction);
    for (Instruction* source : sources) Recomputation(*source).run();
    replace_addresses(*function, addresses);
  }
}

}  // namespace fibersan::instrument
