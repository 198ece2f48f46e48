// inline_copies.cpp: renames whole comdat groups, or nothing of them: a group that the
// linker drops takes its symbols with it.
#include "instrument/inline_copies.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::GlobalObject;
using llvm::GlobalValue;

constexpr const char* kSuffix = ".fibersan";
constexpr const char* kUncheckedSuffix = ".fibersan.unchecked";

class Separation {
 public:
  Separation(llvm::Module& module, const std::vector<llvm::Function*>& instrumented)
      : module_(module), instrumented_(instrumented.begin(), instrumented.end()) {
    llvm::collectUsedGlobalVariables(module, named_elsewhere_, /*CompilerUsed=*/false);
    llvm::collectUsedGlobalVariables(module, named_elsewhere_, /*CompilerUsed=*/true);
  }

  void run() {
    std::vector<llvm::Comdat*> groups;
    for (auto& entry : module_.getComdatSymbolTable()) groups.push_back(&entry.second);
    for (llvm::Comdat* group : groups)
      if (llvm::all_of(group->getUsers(), [this](auto* member) { return is_ours(member); }))
        move_group(*group);
    for (llvm::Function* function : instrumented_)
      if (!function->hasComdat() && is_ours(function)) rename(*function, suffix_of(*function));
    // An alias lies in the group of its function: constructors of complete and base objects.
    for (llvm::GlobalAlias& alias : module_.aliases())
      if (alias.hasLinkOnceODRLinkage() && renamed_.contains(alias.getAliaseeObject()))
        rename(alias, suffix_of(*alias.getAliaseeObject()));
  }

 private:
  bool is_ours(GlobalObject* object) const {
    auto* function = llvm::dyn_cast<llvm::Function>(object);
    return function != nullptr && function->hasLinkOnceODRLinkage() &&
           instrumented_.contains(function) && !llvm::is_contained(named_elsewhere_, function);
  }

  void move_group(llvm::Comdat& group) {
    llvm::SmallVector<GlobalObject*, 4> members(group.getUsers().begin(), group.getUsers().end());
    if (members.empty()) return;
    const char* suffix = llvm::all_of(members, is_unchecked) ? kUncheckedSuffix : kSuffix;
    llvm::Comdat* own = module_.getOrInsertComdat((group.getName() + suffix).str());
    own->setSelectionKind(group.getSelectionKind());
    for (GlobalObject* member : members) {
      member->setComdat(own);
      rename(*member, suffix);
    }
  }

  static bool is_unchecked(const GlobalObject* object) {
    auto* function = llvm::dyn_cast<llvm::Function>(object);
    return function != nullptr &&
           function->hasFnAttribute(llvm::Attribute::DisableSanitizerInstrumentation);
  }

  static const char* suffix_of(const GlobalObject& object) {
    return is_unchecked(&object) ? kUncheckedSuffix : kSuffix;
  }

  void rename(GlobalValue& value, const char* suffix) {
    if (auto* object = llvm::dyn_cast<GlobalObject>(&value)) renamed_.insert(object);
    value.setName(value.getName() + suffix);
  }

  llvm::Module& module_;
  llvm::SetVector<llvm::Function*> instrumented_;
  llvm::SmallVector<GlobalValue*, 4> named_elsewhere_;
  llvm::SmallPtrSet<const GlobalObject*, 16> renamed_;
};

}  // namespace

void separate_inline_copies(llvm::Module& module,
                            const std::vector<llvm::Function*>& instrumented) {
  Separation(module, instrumented).run();
}

}  // namespace fibersan::instrument
