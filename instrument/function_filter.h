// function_filter.h: which functions are instrumented.
//
// Opt-out:  FIBERSAN_IGNORE, which is __attribute__((disable_sanitizer_instrumentation)).
//           Such a function is not inlined into instrumented ones, because the mark of
//           mark_pass.h differs.
#ifndef FIBERSAN_INSTRUMENT_FUNCTION_FILTER_H
#define FIBERSAN_INSTRUMENT_FUNCTION_FILTER_H

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

class FunctionFilter {
 public:
  explicit FunctionFilter(const llvm::Module& module);

  // Its body may hold checks.
  bool is_instrumented(const llvm::Function& function) const;
  // The body belongs to the program, though it may come from elsewhere at link time.
  bool is_user_code(const llvm::Function& function) const;

 private:
  // Resolvers run before relocation and before the shadow exists.
  llvm::SmallPtrSet<const llvm::Function*, 2> ifunc_resolvers_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_FUNCTION_FILTER_H
