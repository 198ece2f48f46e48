// other_instrumentation.h: what cannot be in one program with ours.
//
// Input:    a module as the front end made it: sanitizers leave their attributes on functions.
// Output:   an error of the compiler in one sentence for the first of them that is there.
// Not here: sanitizers that leave no trace (leak, or given when linking alone), see
//           detector/process.
//
// Rejected: to let them run together. AddressSanitizer, MemorySanitizer and ThreadSanitizer
// map a shadow where ours lies, and malloc has one owner; none of them knows fibers' stacks.
#ifndef FIBERSAN_INSTRUMENT_OTHER_INSTRUMENTATION_H
#define FIBERSAN_INSTRUMENT_OTHER_INSTRUMENTATION_H

#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"

namespace fibersan::instrument {

void refuse_other_sanitizers(const llvm::Module& module);

// -fsanitize=dataflow has no attribute: its pass is refused when it is about to run.
void refuse_dataflow(llvm::PassBuilder& builder);

// Also of plain builds: the stack that a function uses is not the fiber's.
void refuse_other_stacks(const llvm::Module& module);

// A function that this pass has instrumented already came back, as bitcode. LTO does that
// when the plugin is loaded again behind the linker.
void mark_as_instrumented(llvm::Function& function);
bool is_instrumented_already(const llvm::Function& function);
void mark_as_polled(llvm::Function& function);
bool is_polled_already(const llvm::Function& function);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_OTHER_INSTRUMENTATION_H
