// libc_calls.cpp: the table against the module's declarations.
#include "instrument/libc_calls.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::Function;
using llvm::StringRef;
using llvm::Type;

#define FIBERSAN_TWIN_PREFIX "__fsan_libc_"

struct Row {
  StringRef name;
  StringRef twin;
  StringRef signature;
};

constexpr Row kRows[] = {
#define FSAN_LIBC(name, signature) {#name, FIBERSAN_TWIN_PREFIX #name, signature},
#define FSAN_LIBC_ALIAS(name, twin, signature) {#name, FIBERSAN_TWIN_PREFIX #twin, signature},
#include "detector/abi/libc_functions.def"
#undef FSAN_LIBC
#undef FSAN_LIBC_ALIAS
};

bool matches(const Type& type, char letter) {
  switch (letter) {
    case 'v':
      return type.isVoidTy();
    case 'p':
      return type.isPointerTy();
    case 'i':
      return type.isIntegerTy(32);
    case 'l':
      return type.isIntegerTy(64);
    case 'd':
      return type.isDoubleTy();
    case 'f':
      return type.isFloatTy();
    case 'x':
      return type.isX86_FP80Ty();
    default:
      llvm_unreachable("libc_functions.def explains its letters");
  }
}

bool has_signature(const llvm::FunctionType& type, StringRef signature) {
  if (type.isVarArg() != signature.consume_back(".")) return false;
  if (signature.size() != type.getNumParams() + 1) return false;
  if (!matches(*type.getReturnType(), signature[0])) return false;
  for (unsigned i = 0; i < type.getNumParams(); ++i)
    if (!matches(*type.getParamType(i), signature[i + 1])) return false;
  return true;
}

class Redirection {
 public:
  Redirection(llvm::Module& module, const FunctionFilter& filter)
      : module_(module), filter_(filter) {
    for (const char* list : {"llvm.used", "llvm.compiler.used"})
      if (const llvm::GlobalVariable* variable = module.getNamedGlobal(list))
        if (variable->hasInitializer()) lists_.insert(variable->getInitializer());
  }

  void redirect(const Row& row) {
    Function* original = module_.getFunction(row.name);
    if (original == nullptr || !original->isDeclaration()) return;
    if (!has_signature(*original->getFunctionType(), row.signature)) return;
    auto is_instrumented = [&](llvm::Use& use) {
      if (auto* instruction = llvm::dyn_cast<llvm::Instruction>(use.getUser()))
        return takes_twin(*instruction->getFunction(), row.signature);
      return !lists_.contains(use.getUser());
    };
    if (llvm::none_of(original->uses(), is_instrumented)) return;
    original->replaceUsesWithIf(twin_of(*original, row.twin), is_instrumented);
  }

 private:
  // In ignored code only what orders: operations on a descriptor, the first parameter.
  bool takes_twin(const Function& user, StringRef signature) const {
    if (filter_.is_checked(user)) return filter_.is_instrumented(user);
    return filter_.is_instrumented(user) && signature.size() > 1 && signature[1] == 'i';
  }

  // What is said of the original holds for the twin, except that it also reads and writes the
  // detector's memory.
  Function* twin_of(const Function& original, StringRef name) {
    if (Function* known = module_.getFunction(name)) return known;
    Function* twin = Function::Create(original.getFunctionType(),
                                      llvm::GlobalValue::ExternalLinkage, name, module_);
    twin->copyAttributesFrom(&original);
    return twin;
  }

  llvm::Module& module_;
  const FunctionFilter& filter_;
  llvm::SmallPtrSet<const llvm::User*, 2> lists_;
};

}  // namespace

void redirect_libc_calls(llvm::Module& module, const FunctionFilter& filter) {
  Redirection redirection(module, filter);
  for (const Row& row : kRows) redirection.redirect(row);
}

StringRef original_libc_name(StringRef name) {
  name.consume_front(FIBERSAN_TWIN_PREFIX);
  return name;
}

bool is_libc_twin(const Function& function) {
  return function.getName().starts_with(FIBERSAN_TWIN_PREFIX);
}

}  // namespace fibersan::instrument
