// poll_placement.cpp: recursion first, then the loops from the inside out, then what is a
// cycle and no loop.
#include "instrument/poll_placement.h"

#include <algorithm>

#include "instrument/loop_unrolling.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"

namespace fibersan::instrument {
namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Loop;

llvm::cl::opt<uint64_t> forced_chunk(
    "fiber-poll-chunk", llvm::cl::Hidden,
    llvm::cl::desc("Iterations between two polls of every counted loop (for tests)"));

constexpr uint64_t kStretch = 1 << 16;
constexpr uint64_t kNestedStretch = 16 * kStretch;
// A test in a shorter iteration would be felt.
constexpr uint64_t kShortIteration = 16;
constexpr uint64_t kRepeatedIteration = 64;
// A chunk of fewer is not worth its code.
constexpr uint64_t kSmallestChunk = 4;

class Placement {
 public:
  Placement(llvm::Function& function, CodeLength& length, llvm::FunctionAnalysisManager& analyses)
      : function_(function),
        length_(length),
        dominators_(analyses.getResult<llvm::DominatorTreeAnalysis>(function)),
        loops_(analyses.getResult<llvm::LoopAnalysis>(function)),
        evolution_(function.hasOptNone()
                       ? nullptr
                       : &analyses.getResult<llvm::ScalarEvolutionAnalysis>(function)) {}

  // Loops whose bodies are to be repeated before polls are placed, and how often.
  std::vector<std::pair<Loop*, unsigned>> short_loops() {
    std::vector<std::pair<Loop*, unsigned>> found;
    if (evolution_ == nullptr || function_.hasOptSize() || forced_chunk != 0) return found;
    for (Loop* loop : loops_.getLoopsInPreorder()) {
      uint64_t iteration = 0;
      for (BasicBlock* block : loop->blocks()) iteration += length_.of(*block);
      if (!loop->isInnermost() || loop->getLoopLatch() == nullptr || iteration > kShortIteration ||
          iteration == 0 || may_wait(*loop) || will_have_checks(*loop) ||
          evolution_->getSmallConstantMaxTripCount(loop) != 0 ||
          counted_loop(*loop, *evolution_, dominators_).has_value())
        continue;
      found.emplace_back(loop, (kRepeatedIteration + iteration - 1) / iteration);
    }
    return found;
  }

  PollPlan run(const RecursiveCalls& recursion) {
    for (llvm::CallBase* call : recursion.of(function_))
      if (!is_polled_before(*call)) add_test(*call);
    auto outermost_first = loops_.getLoopsInPreorder();
    for (Loop* loop : llvm::reverse(outermost_first)) visit(*loop);
    visit_irreducible_cycles();
    return std::move(plan_);
  }

 private:
  // For somebody else: speed is no matter, and calls take longer than a test.
  static bool may_wait(const Loop& loop) {
    return llvm::any_of(loop.blocks(), [](const BasicBlock* block) {
      return llvm::any_of(*block, [](const Instruction& instruction) {
        return instruction.isAtomic() || instruction.isVolatile() ||
               (llvm::isa<llvm::CallBase>(instruction) &&
                !llvm::isa<llvm::IntrinsicInst>(instruction));
      });
    });
  }

  // Beside a check a test is not felt, and each repetition would repeat the checks.
  bool will_have_checks(const Loop& loop) const {
    if (!function_.hasFnAttribute(llvm::Attribute::SanitizeThread)) return false;
    return llvm::any_of(loop.blocks(), [](const BasicBlock* block) {
      return llvm::any_of(*block, [](const Instruction& instruction) {
        return instruction.mayReadOrWriteMemory() && !llvm::isa<llvm::IntrinsicInst>(instruction);
      });
    });
  }

  // Each activation of the function that gets to `place` has polled.
  bool is_polled_before(const Instruction& place) const {
    return llvm::any_of(plan_.tests, [&](Instruction* test) {
      return test == &place || dominators_.dominates(test, &place);
    });
  }

  bool polls_in_each_iteration(const Loop& loop, const Instruction& last) const {
    return llvm::any_of(plan_.tests, [&](Instruction* test) {
      return loop.contains(test->getParent()) &&
             (test == &last || dominators_.dominates(test, &last));
    });
  }

  void add_test(Instruction& before) { plan_.tests.push_back(&before); }

  // Sets what the loop runs at most without a poll, for the loops around it.
  void visit(Loop& loop) {
    uint64_t iteration = 0;
    bool has_chunks_within = false;
    for (BasicBlock* block : loop.blocks())
      if (loops_.getLoopFor(block) == &loop) iteration += length_.of(*block);
    for (Loop* inner : loop) {
      iteration += unpolled_[inner];
      has_chunks_within |= unpolled_[inner] >= kStretch;
    }
    iteration = std::clamp<uint64_t>(iteration, 1, kUnbounded);
    uint64_t& unpolled = unpolled_[&loop];
    unpolled = iteration;

    BasicBlock* latch = loop.getLoopLatch();
    Instruction* last =
        latch == nullptr ? &*loop.getHeader()->getFirstInsertionPt() : latch->getTerminator();
    if (polls_in_each_iteration(loop, *last)) return;
    uint64_t trips = evolution_ == nullptr ? 0 : evolution_->getSmallConstantMaxTripCount(&loop);
    if (trips != 0 && trips * iteration <= kStretch && forced_chunk == 0) {
      unpolled = trips * iteration;
    } else if (add_chunks(loop, (has_chunks_within ? kNestedStretch : kStretch) / iteration)) {
      unpolled = std::max(iteration * plan_.chunks.back().iterations, kStretch);
    } else {
      add_test(*last);
    }
  }

  bool add_chunks(Loop& loop, uint64_t iterations) {
    if (evolution_ == nullptr || function_.hasMinSize()) return false;
    uint64_t smallest = kSmallestChunk;
    if (forced_chunk != 0) iterations = smallest = forced_chunk;
    if (iterations < smallest) return false;
    std::optional<CountedLoop> counted = counted_loop(loop, *evolution_, dominators_);
    if (!counted.has_value()) return false;
    iterations = possible_chunk(*counted, iterations);
    if (iterations < smallest) return false;
    plan_.chunks.push_back({*counted, iterations});
    return true;
  }

  void visit_irreducible_cycles() {
    llvm::SmallVector<std::pair<const BasicBlock*, const BasicBlock*>, 8> edges;
    llvm::FindFunctionBackedges(function_, edges);
    for (auto [from, to] : edges)
      if (!dominators_.dominates(to, from) && dominators_.isReachableFromEntry(from))
        add_test(*const_cast<BasicBlock*>(from)->getTerminator());
  }

  llvm::Function& function_;
  CodeLength& length_;
  llvm::DominatorTree& dominators_;
  llvm::LoopInfo& loops_;
  llvm::ScalarEvolution* evolution_;  // null: no optimisation is wanted
  PollPlan plan_;
  llvm::DenseMap<const Loop*, uint64_t> unpolled_;
};

}  // namespace

PollPlan place_polls(llvm::Function& function, const RecursiveCalls& recursion, CodeLength& length,
                     llvm::FunctionAnalysisManager& analyses) {
  if (!function.hasOptNone()) {
    analyses.invalidate(function, llvm::LoopSimplifyPass().run(function, analyses));
    bool is_changed = false;
    for (auto [loop, times] : Placement(function, length, analyses).short_loops())
      is_changed |= repeat_body(*loop, times, analyses);
    if (is_changed) {
      analyses.invalidate(function, llvm::PreservedAnalyses::none());
      analyses.invalidate(function, llvm::LoopSimplifyPass().run(function, analyses));
    }
  }
  return Placement(function, length, analyses).run(recursion);
}

}  // namespace fibersan::instrument
