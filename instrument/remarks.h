// remarks.h: tells the user what became of an access, through clang's own remarks.
//
// Output:   -Rpass=fibersan           accesses without a check of their own, and by which rule
//           -Rpass-missed=fibersan    accesses with a check, and in which form
//           -Rpass-analysis=fibersan  functions whose accesses are not checked, and why
//           -fsave-optimization-record has all three.
// Cost:     one question for each access when nobody asked for remarks.
#ifndef FIBERSAN_INSTRUMENT_REMARKS_H
#define FIBERSAN_INSTRUMENT_REMARKS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instruction.h"

namespace fibersan::instrument {

void remark_eliminated(const llvm::Instruction& access, llvm::StringRef rule,
                       llvm::StringRef reason);
void remark_checked(const llvm::Instruction& access, llvm::StringRef form);
void remark_ignored(const llvm::Function& function, llvm::StringRef reason);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_REMARKS_H
