// function_filter.h: which modules and functions are instrumented.
//
// Opt-out:  FIBERSAN_IGNORE, which is __attribute__((disable_sanitizer_instrumentation)), and
//           the ignore list (ignore_list.h), which gives the same attribute. The plain accesses
//           of such a function are not checked; its atomics, fences and calls have their hooks,
//           because what they order would be missed elsewhere and reported there. It is not
//           inlined into checked ones, because the mark of mark_pass.h differs.
#ifndef FIBERSAN_INSTRUMENT_FUNCTION_FILTER_H
#define FIBERSAN_INSTRUMENT_FUNCTION_FILTER_H

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

// x86-64 ELF.
bool is_supported(const llvm::Module& module);

class FunctionFilter {
 public:
  explicit FunctionFilter(const llvm::Module& module);

  // Its body may hold hooks.
  bool is_instrumented(const llvm::Function& function) const;
  // Its accesses are to be checked. Also of bodies that come from elsewhere at link time.
  bool is_checked(const llvm::Function& function) const;
  // Its body may hold polls. Also of functions whose accesses are not checked.
  bool takes_polls(const llvm::Function& function) const;

 private:
  bool is_of_program(const llvm::Function& function) const;

  // Resolvers run before relocation and before the shadow exists.
  llvm::SmallPtrSet<const llvm::Function*, 2> ifunc_resolvers_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_FUNCTION_FILTER_H
