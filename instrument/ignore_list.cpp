// ignore_list.cpp: LLVM parses and matches; this file asks the questions.
#include "instrument/ignore_list.h"

#include <memory>
#include <string>
#include <vector>

#include "instrument/remarks.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SpecialCaseList.h"
#include "llvm/Support/VirtualFileSystem.h"

namespace fibersan::instrument {
namespace {

namespace cl = llvm::cl;

cl::list<std::string> files("fibersan-ignorelist", cl::value_desc("file"),
                            cl::desc("Functions and files whose accesses are not checked"));
cl::opt<bool> ignore_all("fibersan-ignore-all", cl::ZeroOrMore,
                         cl::desc("No access of this compilation is checked"));

constexpr const char* kSection = "fibersan";
constexpr const char* kAnnotation = "fibersan_ignore";  // of <fiber/annotations.h>

class IgnoreList : public llvm::SpecialCaseList {
 public:
  // Null with a sentence in `error`.
  static std::unique_ptr<IgnoreList> read(const std::vector<std::string>& paths,
                                          std::string& error) {
    auto list = std::make_unique<IgnoreList>();
    if (!list->createInternal(paths, *llvm::vfs::getRealFileSystem(), error)) return nullptr;
    return list->has_known_prefixes(error) ? std::move(list) : nullptr;
  }

  // Of the line that matches; empty: none does.
  llvm::StringRef kind_matching(const llvm::Function& function) const {
    llvm::StringRef compiled = function.getParent()->getSourceFileName();
    if (matches("mainfile", compiled)) return "mainfile";
    if (matches_source(function, compiled)) return "src";
    llvm::StringRef name = function.getName();
    return matches("fun", name) || matches("fun", llvm::demangle(name)) ? "fun" : "";
  }

 private:
  bool matches(llvm::StringRef prefix, llvm::StringRef query) const {
    return inSection(kSection, prefix, query);
  }

  bool matches_source(const llvm::Function& function, llvm::StringRef compiled) const {
    const llvm::DISubprogram* subprogram = function.getSubprogram();
    if (subprogram == nullptr) return matches("src", compiled);
    llvm::StringRef name = subprogram->getFilename();
    if (matches("src", name)) return true;
    if (llvm::sys::path::is_absolute(name)) return false;
    llvm::SmallString<256> path = subprogram->getDirectory();
    llvm::sys::path::append(path, name);
    return matches("src", path);
  }

  // LLVM takes any word for a prefix, so that a misspelt one would match nothing in silence.
  bool has_known_prefixes(std::string& error) const {
    for (const auto& section : Sections) {
      // Lines without a section may be meant for other sanitizers too.
      const bool is_for_all = section.getKey() == "*";
      if (section.getValue().SectionMatcher->match(kSection) == 0) continue;
      for (const auto& entry : section.getValue().Entries) {
        const bool is_known = llvm::StringSwitch<bool>(entry.getKey())
                                  .Cases("fun", "src", "mainfile", true)
                                  .Cases("global", "type", "enum", is_for_all)
                                  .Default(false);
        if (is_known) continue;
        error =
            ("unknown prefix '" + entry.getKey() + ":'; FiberSan knows fun:, src: and mainfile:")
                .str();
        return false;
      }
    }
    return true;
  }
};

void ignore(llvm::Function& function, llvm::StringRef reason) {
  function.addFnAttr(llvm::Attribute::DisableSanitizerInstrumentation);
  remark_ignored(function, reason);
}

// FIBERSAN_IGNORE on a lambda is an annotation only.
void ignore_annotated_functions(llvm::Module& module) {
  const llvm::GlobalVariable* annotations = module.getNamedGlobal("llvm.global.annotations");
  if (annotations == nullptr || !annotations->hasInitializer()) return;
  for (const llvm::Use& entry : annotations->getInitializer()->operands()) {
    auto* annotation = llvm::dyn_cast<llvm::ConstantStruct>(entry);
    if (annotation == nullptr || annotation->getNumOperands() < 2) continue;
    auto* function = llvm::dyn_cast<llvm::Function>(annotation->getOperand(0)->stripPointerCasts());
    llvm::StringRef text;
    if (function != nullptr && llvm::getConstantStringInfo(annotation->getOperand(1), text) &&
        text == kAnnotation)
      function->addFnAttr(llvm::Attribute::DisableSanitizerInstrumentation);
  }
}

// always_inline knows no borders, so there the instructions carry the mark themselves.
void mark_instructions(llvm::Function& function) {
  llvm::MDNode* mark = llvm::MDNode::get(function.getContext(), {});
  for (llvm::BasicBlock& block : function) {
    for (llvm::Instruction& instruction : block) {
      if (instruction.mayReadOrWriteMemory())
        instruction.setMetadata(llvm::LLVMContext::MD_nosanitize, mark);
    }
  }
}

}  // namespace

void mark_ignored_functions(llvm::Module& module, const FunctionFilter& filter) {
  ignore_annotated_functions(module);
  std::unique_ptr<IgnoreList> list;
  if (!files.empty()) {
    std::string error;
    list = IgnoreList::read(files, error);
    if (list == nullptr) return module.getContext().emitError("-fibersan-ignorelist: " + error);
  }
  for (llvm::Function& function : module) {
    if (!filter.is_instrumented(function) && !filter.is_checked(function)) continue;
    if (!filter.is_checked(function)) {
      remark_ignored(function, "FIBERSAN_IGNORE");
    } else if (ignore_all) {
      ignore(function, "-fibersan-ignore-all");
    } else if (list != nullptr) {
      llvm::StringRef kind = list->kind_matching(function);
      if (!kind.empty()) ignore(function, ("a line '" + kind + ":' of the ignore list").str());
    }
    if (!filter.is_checked(function) && function.hasFnAttribute(llvm::Attribute::AlwaysInline))
      mark_instructions(function);
  }
}

std::string ignore_options() {
  std::string text = ignore_all ? "-fibersan-ignore-all" : "";
  for (const std::string& file : files) {
    if (!text.empty()) text += ' ';
    text += "-fibersan-ignorelist=" + file;
  }
  return text;
}

}  // namespace fibersan::instrument
