// loop_ranges.h: what the accesses of all iterations of a loop are together.
//
// Input:    checks that every iteration makes once, at addresses that advance steadily.
// Output:   checks that stand for them, to be made before the loop, where the steps follow each
//           other or the offsets of several accesses fill them: unrolled and vectorised loops,
//           a[i - 1] + a[i] + a[i + 1], the rows of a matrix.
// Cost:     for each access a look at the groups of those at constant distances of each other, of
//           which kMostGroups are kept.
//
// Invariants
//   N1  The number of iterations is exact, and nothing in it or in the sizes wraps: each byte of
//       the range is accessed, so the range fits into the address space.
//
// Rejected: one call for steps that leave gaps (a field of an array's elements, a column). It does
//           for each element what the inline check does, no faster: nbody took 11 times native with
//           it and 2 without.
#ifndef FIBERSAN_INSTRUMENT_LOOP_RANGES_H
#define FIBERSAN_INSTRUMENT_LOOP_RANGES_H

#include <vector>

#include "instrument/access.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"

namespace fibersan::instrument {

// What is checked at `place`: `bytes` from `start` on.
struct LoopCheck {
  const llvm::SCEV* start;
  const llvm::SCEV* bytes;
  llvm::Align alignment = {};  // of start
  AccessKind kind = AccessKind::kRead;
  const llvm::Instruction* place = nullptr;
  const llvm::Instruction* source = nullptr;   // the first access that it stands for
  llvm::SmallVector<size_t, 4> accesses = {};  // all of them, in the plan
  bool has_moved = false;
  bool is_range = false;  // of several iterations
};
using LoopChecks = std::vector<LoopCheck>;

// A call is not made for fewer accesses than this.
constexpr uint64_t kFewAccesses = 8;

// Moves those that are parts of a range from `checks` to the result. The loop neither
// synchronises nor stops early, and each iteration makes all of the checks.
LoopChecks take_ranges(const llvm::Loop& loop, LoopChecks& checks, llvm::ScalarEvolution& evolution,
                       llvm::function_ref<bool(const LoopCheck&)> can_be_made);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_LOOP_RANGES_H
