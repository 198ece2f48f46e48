// counted_loop.h: polls in loops that count to a limit, without work in each iteration.
//
// The problem: a test of a byte in a loop of three instructions costs a third of it.
//
//     loop:  ...                               outer:  chunk = phi [chunk of start], [next chunk]
//            i = i + step                      loop:   ...
//            if (i != limit) goto loop                 i = i + step
//     exit:                                            if (i != chunk) goto loop
//                                              strip:  if (i == limit) goto exit
//                                                      poll; next chunk; goto outer
//
// chunk is i + C * step, or limit when that is nearer: the loop keeps its instructions and its
// form (LLVM vectorises, unrolls and reduces it as before), and polls every C iterations.
//
// Where the comparison is not at the back-edge (a loop unrolled by LLVM leaves it inside), the
// same is done in its place, with chunk carried around the loop.
//
// Cost:     a subtraction, a comparison and a conditional move before the loop, outside of
//           all loops around it in which start and limit do not change.
// Source:   loop strip mining, as HotSpot does it for its safepoints; without its inner loop
//           of known length, because the limit itself is replaced.
//
// Invariants
//   C1  While the loop goes on below chunk it would have gone on below limit: chunk lies
//       between i and limit, or is limit. This holds for every start, limit and width, also
//       where i wraps; the original comparison decides when the loop ends.
//   C2  i + C * step never wraps when it is chosen. C * step itself may, where the step is not
//       a constant: then the chunk is shorter.
#ifndef FIBERSAN_INSTRUMENT_COUNTED_LOOP_H
#define FIBERSAN_INSTRUMENT_COUNTED_LOOP_H

#include <cstdint>
#include <optional>

#include "instrument/poll.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"

namespace fibersan::instrument {

struct CountedLoop {
  llvm::BranchInst* test;    // in each iteration, once
  unsigned inside;           // the successor of `test` that goes on
  llvm::Instruction* entry;  // the only way in: the preheader's last instruction
  llvm::Instruction* latch;  // the only way back
  llvm::BasicBlock* header;
  llvm::CmpInst::Predicate goes_on;  // counter goes_on limit
  llvm::Value* counter;              // as compared
  llvm::Value* limit;
  const llvm::SCEV* start;  // the counter in the first comparison
  const llvm::SCEV* step;
  bool is_upwards;
  llvm::Instruction* outermost_entry;  // where start, step and limit are known already
  bool is_guarded;                     // start goes_on limit is known at the entry
};

// The loop in this form, if it is in this form. It must be simplified.
std::optional<CountedLoop> counted_loop(llvm::Loop& loop, llvm::ScalarEvolution& evolution,
                                        const llvm::DominatorTree& dominators);

// How many iterations a chunk may have, at most `wanted`.
uint64_t possible_chunk(const CountedLoop& loop, uint64_t wanted);

struct Chunk {
  llvm::Value* length;  // of every chunk, in the counter's units
  llvm::Value* end;     // of the first one
};

// Emits the first chunk; uses the analyses, so it comes before any change of the CFG.
Chunk emit_first_chunk(const CountedLoop& loop, uint64_t iterations,
                       llvm::ScalarEvolution& evolution);
// Changes the CFG.
void strip_mine(const CountedLoop& loop, const Chunk& first, PollEmitter& polls);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_COUNTED_LOOP_H
