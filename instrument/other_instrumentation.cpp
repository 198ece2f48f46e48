// other_instrumentation.cpp: one row for each.
#include "instrument/other_instrumentation.h"

namespace fibersan::instrument {
namespace {

using llvm::Attribute;

struct Sanitizer {
  Attribute::AttrKind attribute;
  const char* option;
};
constexpr Sanitizer kSanitizers[] = {
    {Attribute::SanitizeAddress, "-fsanitize=address"},
    {Attribute::SanitizeHWAddress, "-fsanitize=hwaddress"},
    {Attribute::SanitizeMemory, "-fsanitize=memory"},
    {Attribute::SanitizeThread, "-fsanitize=thread"},
    {Attribute::SanitizeNumericalStability, "-fsanitize=numerical"},
};

void refuse(const llvm::Module& module, const char* option) {
  module.getContext().emitError(llvm::Twine("FiberSan and ") + option +
                                " cannot be in one program: build one with --config=fibersan.cfg "
                                "and another with " +
                                option);
}

constexpr const char kInstrumented[] = "fibersan-instrumented";
constexpr const char kPolled[] = "fibersan-polled";

}  // namespace

void refuse_other_sanitizers(const llvm::Module& module) {
  for (const llvm::Function& function : module)
    for (const Sanitizer& sanitizer : kSanitizers)
      if (function.hasFnAttribute(sanitizer.attribute) && !is_instrumented_already(function))
        return refuse(module, sanitizer.option);
}

void refuse_dataflow(llvm::PassBuilder& builder) {
  llvm::PassInstrumentationCallbacks* callbacks = builder.getPassInstrumentationCallbacks();
  if (callbacks == nullptr) return;
  callbacks->registerBeforeNonSkippedPassCallback([](llvm::StringRef pass, const llvm::Any& ir) {
    if (pass != "DataFlowSanitizerPass") return;
    if (auto* module = llvm::any_cast<const llvm::Module*>(&ir))
      refuse(**module, "-fsanitize=dataflow");
  });
}

void refuse_other_stacks(const llvm::Module& module) {
  for (const llvm::Function& function : module) {
    const char* option = nullptr;
    if (function.hasFnAttribute(Attribute::SafeStack)) option = "-fsanitize=safe-stack";
    if (function.hasFnAttribute("split-stack")) option = "-fsplit-stack";
    if (option == nullptr) continue;
    module.getContext().emitError(llvm::Twine("fibers have stacks of their own: leave out ") +
                                  option);
    return;
  }
}

void mark_as_instrumented(llvm::Function& function) { function.addFnAttr(kInstrumented); }

bool is_instrumented_already(const llvm::Function& function) {
  return function.hasFnAttribute(kInstrumented);
}

void mark_as_polled(llvm::Function& function) { function.addFnAttr(kPolled); }

bool is_polled_already(const llvm::Function& function) { return function.hasFnAttribute(kPolled); }

}  // namespace fibersan::instrument
