// instrumentation_note.cpp: the note as a constant that nothing may drop.
#include "instrument/instrumentation_note.h"

#include <string>

#include "detector/abi/hooks.h"
#include "detector/abi/note.h"
#include "instrument/code_frequency.h"
#include "instrument/eliminations.h"
#include "instrument/ignore_list.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

namespace fibersan::instrument {
namespace {

constexpr const char* kVariable = "fibersan.note";
constexpr uint64_t kAlignment = 4;

// With its final zero, padded.
std::string padded(std::string text) {
  text.resize(llvm::alignTo(text.size() + 1, kAlignment));
  return text;
}

std::string options_text() {
  std::string text;
  for (const std::string& option : {elimination_options(), frequency_options(), ignore_options()}) {
    if (!text.empty() && !option.empty()) text += ' ';
    text += option;
  }
  return text;
}

}  // namespace

void emit_instrumentation_note(llvm::Module& module, unsigned checked_functions) {
  const bool has_code = llvm::any_of(
      module, [](const llvm::Function& function) { return !function.isDeclaration(); });
  if (!has_code || module.getNamedGlobal(kVariable) != nullptr) return;
  const std::string texts = padded(std::string(FIBERSAN_VERSION) + '\0' + options_text());
  const auto description = static_cast<uint32_t>(sizeof(fsan_note) + texts.size());
  llvm::IRBuilder<> builder(module.getContext());
  auto bytes = [&](llvm::StringRef text) {
    return llvm::ConstantDataArray::getString(module.getContext(), text, /*AddNull=*/false);
  };
  llvm::Constant* note = llvm::ConstantStruct::getAnon(
      {builder.getInt32(sizeof FSAN_NOTE_NAME), builder.getInt32(description),
       builder.getInt32(FSAN_NOTE_INSTRUMENTED), bytes(padded(FSAN_NOTE_NAME)),
       builder.getInt32(FSAN_ABI_VERSION), builder.getInt32(checked_functions), bytes(texts)});
  auto* variable = new llvm::GlobalVariable(module, note->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::PrivateLinkage, note, kVariable);
  variable->setSection(FSAN_NOTE_SECTION);
  variable->setAlignment(llvm::Align(kAlignment));
  // Not llvm.used, which gives the section another flag, SHF_GNU_RETAIN: linkers keep notes.
  llvm::appendToCompilerUsed(module, {variable});
}

}  // namespace fibersan::instrument
