// poll_pass.h: lets other fibers run while one computes, in plain and in detector builds.
//
// Input:    a module after optimisation, before any check is emitted.
// Output:   the same program with polls (poll.h); the same module when the target is not x86-64,
// which
//           RepairPass and InstrumentPass refuse.
// Cost:     see the figures in README.md.
//
// Rejected: see README.md: tests at every back-edge, signals, protected pages.
#ifndef FIBERSAN_INSTRUMENT_POLL_PASS_H
#define FIBERSAN_INSTRUMENT_POLL_PASS_H

#include "llvm/IR/PassManager.h"

namespace fibersan::instrument {

struct PollPass : llvm::PassInfoMixin<PollPass> {
  llvm::PreservedAnalyses run(llvm::Module& module, llvm::ModuleAnalysisManager& analyses);
  static bool isRequired() { return true; }  // also at -O0 and for optnone functions
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_POLL_PASS_H
