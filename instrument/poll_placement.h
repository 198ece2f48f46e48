// poll_placement.h: decides where a function polls.
//
// Input:    a function after optimisation.
// Output:   its PollPlan. Between two polls lie about kStretch instructions in one loop, and
//           16 times as many in nested ones: some 20 us, and below half a millisecond.
// Cost:     linear in the instructions, besides the analyses.
//
// A loop has a poll of the first kind that fits
//   none      it ends after few instructions, or each iteration polls already
//   chunks    it counts to a limit (counted_loop.h) and its iterations are short
//   test      everything else: a test at the back-edge, or at every few where it is short
//
// Invariants
//   P1  Every cycle of the control flow graph polls, is part of a loop of known short
//       length, or is in a function that must not (takes_polls).
#ifndef FIBERSAN_INSTRUMENT_POLL_PLACEMENT_H
#define FIBERSAN_INSTRUMENT_POLL_PLACEMENT_H

#include <vector>

#include "instrument/code_length.h"
#include "instrument/counted_loop.h"
#include "instrument/recursive_calls.h"
#include "llvm/IR/PassManager.h"

namespace fibersan::instrument {

struct PollPlan {
  struct Chunks {
    CountedLoop loop;
    uint64_t iterations;
  };
  std::vector<llvm::Instruction*> tests;  // polls before these
  std::vector<Chunks> chunks;
};

// Simplifies the function's loops and repeats short bodies (loop_unrolling.h); emits no poll.
PollPlan place_polls(llvm::Function& function, const RecursiveCalls& recursion, CodeLength& length,
                     llvm::FunctionAnalysisManager& analyses);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_POLL_PLACEMENT_H
