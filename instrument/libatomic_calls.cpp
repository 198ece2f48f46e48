// libatomic_calls.cpp: takes the name of a libatomic function apart and builds its hook.
#include "instrument/libatomic_calls.h"

#include <optional>

#include "detector/abi/hooks.h"
#include "instrument/atomic_operations.h"
#include "instrument/debug_location.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LowerAtomic.h"

namespace fibersan::instrument {
namespace {

using llvm::AtomicRMWInst;
using llvm::StringRef;
using llvm::Value;

enum class Verb { kLoad, kStore, kCompareExchange, kFetchThenModify, kModifyThenFetch };

struct LibatomicFunction {
  Verb verb;
  AtomicRMWInst::BinOp operation;  // of the last two verbs
  unsigned size;                   // 0: the first argument says it
};

AtomicRMWInst::BinOp operation_named(StringRef name) {
  return llvm::StringSwitch<AtomicRMWInst::BinOp>(name)
      .Case("add", AtomicRMWInst::Add)
      .Case("sub", AtomicRMWInst::Sub)
      .Case("and", AtomicRMWInst::And)
      .Case("nand", AtomicRMWInst::Nand)
      .Case("or", AtomicRMWInst::Or)
      .Case("xor", AtomicRMWInst::Xor)
      .Default(AtomicRMWInst::BAD_BINOP);
}

std::optional<LibatomicFunction> parse(StringRef name) {
  if (!name.consume_front("__atomic_")) return std::nullopt;
  LibatomicFunction function{Verb::kLoad, AtomicRMWInst::BAD_BINOP, 0};
  auto [stem, digits] = name.rsplit('_');
  if (!digits.getAsInteger(10, function.size)) {
    if (!llvm::isPowerOf2_32(function.size) || function.size > 16) return std::nullopt;
    name = stem;
  }
  if (name == "load") return function;
  if (name == "store") return LibatomicFunction{Verb::kStore, function.operation, function.size};
  if (name == "compare_exchange")
    return LibatomicFunction{Verb::kCompareExchange, function.operation, function.size};
  function.verb = Verb::kFetchThenModify;
  if (name == "exchange") {
    function.operation = AtomicRMWInst::Xchg;
  } else if (name.consume_front("fetch_")) {
    function.operation = operation_named(name);
  } else if (name.consume_back("_fetch")) {
    function.verb = Verb::kModifyThenFetch;
    function.operation = operation_named(name);
  }
  bool is_known = function.operation != AtomicRMWInst::BAD_BINOP &&
                  (function.size != 0 || function.operation == AtomicRMWInst::Xchg);
  return is_known ? std::optional(function) : std::nullopt;
}

// p: pointer, s: size_t, o: memory order, v: integer of the function's size.
StringRef parameters_of(const LibatomicFunction& function) {
  bool is_sized = function.size != 0;
  switch (function.verb) {
    case Verb::kLoad:
      return is_sized ? "po" : "sppo";
    case Verb::kStore:
      return is_sized ? "pvo" : "sppo";
    case Verb::kCompareExchange:
      return is_sized ? "ppvoo" : "spppoo";
    case Verb::kFetchThenModify:
    case Verb::kModifyThenFetch:
      return is_sized ? "pvo" : "spppo";
  }
  llvm_unreachable("every verb has its parameters");
}

bool has_parameters(const llvm::CallBase& call, const LibatomicFunction& function) {
  StringRef parameters = parameters_of(function);
  if (call.arg_size() != parameters.size()) return false;
  for (auto [kind, argument] : llvm::zip(parameters, call.args())) {
    llvm::Type* type = argument->getType();
    bool matches = kind == 'p'   ? type->isPointerTy()
                   : kind == 's' ? type->isIntegerTy(64)
                   : kind == 'o' ? type->isIntegerTy(32)
                                 : type->isIntegerTy(function.size * 8);
    if (!matches) return false;
  }
  bool returns_value = function.size != 0 && function.verb != Verb::kStore &&
                       function.verb != Verb::kCompareExchange;
  return !returns_value || call.getType()->isIntegerTy(function.size * 8);
}

std::optional<LibatomicFunction> function_called(const llvm::CallBase& call) {
  const llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr || !callee->isDeclaration()) return std::nullopt;
  std::optional<LibatomicFunction> function = parse(callee->getName());
  return function && has_parameters(call, *function) ? function : std::nullopt;
}

class LibatomicEmitter {
 public:
  LibatomicEmitter(HookTable& hooks, llvm::CallBase& call, LibatomicFunction function,
                   Value* context)
      : hooks_(hooks), call_(call), function_(function), builder_(&call), context_(context) {
    builder_.SetCurrentDebugLocation(debug_location_near(call));
  }

  void emit() {
    Value* result = function_.size == 0 ? any_size() : one_size();
    if (!call_.getType()->isVoidTy())
      call_.replaceAllUsesWith(builder_.CreateZExtOrTrunc(result, call_.getType()));
    call_.eraseFromParent();
  }

 private:
  Value* argument(unsigned index) { return call_.getArgOperand(index); }

  // The hooks have the parameters of the libatomic functions, and the context.
  Value* any_size() {
    Hook hook = function_.verb == Verb::kLoad              ? Hook::atomic_load_bytes
                : function_.verb == Verb::kStore           ? Hook::atomic_store_bytes
                : function_.verb == Verb::kCompareExchange ? Hook::atomic_compare_exchange_bytes
                                                           : Hook::atomic_exchange_bytes;
    llvm::SmallVector<Value*, 7> arguments(call_.args());
    arguments.push_back(context_);
    return hooks_.call(builder_, hook, arguments);
  }

  Value* one_size() {
    unsigned index = llvm::Log2_32(function_.size);
    switch (function_.verb) {
      case Verb::kLoad:
        return hooks_.call(builder_, kAtomicLoad[index], {argument(0), argument(1), context_});
      case Verb::kStore:
        return hooks_.call(builder_, kAtomicStore[index],
                           {argument(0), argument(1), argument(2), context_});
      case Verb::kCompareExchange:
        return compare_exchange(kAtomicCompareExchange[index]);
      case Verb::kFetchThenModify:
      case Verb::kModifyThenFetch:
        break;
    }
    Value* operation = builder_.getInt32(*hook_operation(function_.operation));
    Value* old = hooks_.call(builder_, kAtomicRmw[index],
                             {argument(0), argument(1), operation, argument(2), context_});
    if (function_.verb == Verb::kFetchThenModify) return old;
    return llvm::buildAtomicRMWValue(function_.operation, builder_, old, argument(1));
  }

  // Stores what it saw to *expected when that differs, as libatomic does.
  Value* compare_exchange(Hook hook) {
    llvm::Type* type = builder_.getIntNTy(function_.size * 8);
    Value* expected = builder_.CreateAlignedLoad(type, argument(1), llvm::Align(1));
    Value* old = hooks_.call(
        builder_, hook, {argument(0), expected, argument(2), argument(3), argument(4), context_});
    Value* exchanged = builder_.CreateICmpEQ(old, expected);
    llvm::Instruction* failed = llvm::SplitBlockAndInsertIfThen(builder_.CreateNot(exchanged),
                                                                &call_, /*Unreachable=*/false);
    llvm::IRBuilder<>(failed).CreateAlignedStore(old, argument(1), llvm::Align(1));
    builder_.SetInsertPoint(&call_);
    return exchanged;
  }

  HookTable& hooks_;
  llvm::CallBase& call_;
  LibatomicFunction function_;
  llvm::IRBuilder<> builder_;
  Value* context_;
};

}  // namespace

bool is_libatomic_call(const llvm::CallBase& call) { return function_called(call).has_value(); }

void emit_libatomic_call(HookTable& hooks, llvm::CallBase& call, Value* context) {
  LibatomicFunction function = *function_called(call);
  llvm::CallBase* plain = &call;
  if (auto* invoke = llvm::dyn_cast<llvm::InvokeInst>(plain)) plain = llvm::changeToCall(invoke);
  LibatomicEmitter(hooks, *plain, function, context).emit();
}

}  // namespace fibersan::instrument
