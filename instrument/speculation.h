// speculation.h: which loads LLVM 19 would execute where the program does not (invented_loads.h).
//
// Output:   whether a pass might read something that on this way nobody reads. Yes is the safe
//           answer, and costs what the pass would have made better; so each question first looks
//           whether the read is there already.
// Not here: what is done about it.
#ifndef FIBERSAN_INSTRUMENT_SPECULATION_H
#define FIBERSAN_INSTRUMENT_SPECULATION_H

#include "llvm/ADT/SmallVector.h"

namespace llvm {
class CallInst;
class DominatorTree;
class Function;
class IntrinsicInst;
class LoadInst;
class Loop;
}  // namespace llvm

namespace fibersan::instrument {

using Loads = llvm::SmallVector<llvm::LoadInst*, 8>;

// From a choice of pointers (select), of which one may be memory that only its own way reads.
bool reads_one_of_several(const llvm::LoadInst& load);

// The same when one of them is a local variable, and for pointers merged from several ways.
bool reads_local_or_other(const llvm::LoadInst& load);

// Loads of one place on some ways through the loop, when no access of it surely happens.
Loads conditional_loads(const llvm::Loop& loop, const llvm::DominatorTree& tree);

// Through an argument, when entering the function does not mean to read it.
Loads conditional_argument_loads(llvm::Function& function);

// Of memory that is there, all of it, under a mask that is not known.
bool is_maskable(const llvm::IntrinsicInst& call);

// A comparison of strings that ends at the first difference; one of them is known.
bool compares_with_constant(const llvm::CallInst& call);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_SPECULATION_H
