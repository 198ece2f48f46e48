// hook_table.h: the hooks of detector/abi/hooks.def as LLVM functions of one module.
//
// Input:    hooks.def, so that a hook it does not list does not compile here.
// Output:   declarations, made in the module on first use, with the calling convention
//           and parameter attributes of the C declarations in hooks.h.
// Not here: when a hook is called.
#ifndef FIBERSAN_INSTRUMENT_HOOK_TABLE_H
#define FIBERSAN_INSTRUMENT_HOOK_TABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

// One enumerator for each hook, with its name in hooks.def.
enum class Hook : unsigned {
#define FSAN_COLD_HOOK2(result, name, ...) name,
#define FSAN_COLD_HOOK3(result, name, ...) name,
#define FSAN_PASS_HOOK2(result, name, ...) name,
#define FSAN_PASS_HOOK3(result, name, ...) name,
#define FSAN_PASS_HOOK4(result, name, ...) name,
#define FSAN_PASS_HOOK5(result, name, ...) name,
#define FSAN_PASS_HOOK6(result, name, ...) name,
#define FSAN_PASS_HOOK7(result, name, ...) name,
#define FSAN_RUNTIME_HOOK(result, name, parameters) name,
#include "detector/abi/hooks.def"
#undef FSAN_COLD_HOOK2
#undef FSAN_COLD_HOOK3
#undef FSAN_PASS_HOOK2
#undef FSAN_PASS_HOOK3
#undef FSAN_PASS_HOOK4
#undef FSAN_PASS_HOOK5
#undef FSAN_PASS_HOOK6
#undef FSAN_PASS_HOOK7
#undef FSAN_RUNTIME_HOOK
};

class HookTable {
 public:
  explicit HookTable(llvm::Module& module) : module_(module) {}

  // Calls `hook` at the builder's place. The call is never merged with another one:
  // its return address is what a report shows.
  llvm::CallInst* call(llvm::IRBuilder<>& builder, Hook hook,
                       llvm::ArrayRef<llvm::Value*> arguments);

 private:
  llvm::Function* declaration(Hook hook);

  llvm::Module& module_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_HOOK_TABLE_H
