// check_pruning.cpp: the function as lists of events, and one data-flow problem in each
// direction.
#include "instrument/check_pruning.h"

#include <algorithm>

#include "instrument/check_facts.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/IR/CFG.h"

namespace fibersan::instrument {
namespace {

using llvm::BitVector;

constexpr uint64_t kMostBits = uint64_t{1} << 26;  // 8 MiB
constexpr unsigned kMostPasses = 12;

// An access, or something that facts do not survive.
struct Event {
  static constexpr size_t kNone = ~size_t{0};
  size_t access = kNone;
  bool releases = false;   // ends what was made before
  bool separates = false;  // R3: ends what will be made afterwards
};

// Blocks by their position in reverse post-order.
struct Block {
  std::vector<Event> events;
  llvm::SmallVector<unsigned, 2> before;
  llvm::SmallVector<unsigned, 2> after;
};

class Pruning {
 public:
  Pruning(std::vector<Access>& accesses, const ReleaseSummary& summary, Statistics& statistics)
      : accesses_(accesses),
        statistics_(statistics),
        facts_(accesses),
        dropped_(accesses.size(), false) {
    if (facts_.size() != 0) read(*accesses_.front().instruction->getFunction(), summary);
  }

  void run() {
    if (facts_.size() == 0) return;
    facts_.shorten(static_cast<unsigned>(std::min<uint64_t>(kMostBits / blocks_.size(), ~0U)));
    if (is_enabled(Elimination::kRepeated)) drop_repeated();
    if (is_enabled(Elimination::kLater)) drop_for_later();
    erase_marked(accesses_, dropped_);
  }

 private:
  void read(llvm::Function& function, const ReleaseSummary& summary) {
    llvm::DenseMap<const llvm::Instruction*, size_t> first_access;
    for (size_t i = 0; i < accesses_.size(); ++i)
      first_access.try_emplace(accesses_[i].instruction, i);
    llvm::DenseMap<const llvm::BasicBlock*, unsigned> positions;
    llvm::ReversePostOrderTraversal<llvm::Function*> order(&function);
    for (llvm::BasicBlock* block : order)
      positions.try_emplace(block, static_cast<unsigned>(positions.size()));
    blocks_.resize(positions.size());
    for (llvm::BasicBlock* block : order) {
      const unsigned position = positions[block];
      for (llvm::Instruction& instruction : *block) {
        if (auto first = first_access.find(&instruction); first != first_access.end())
          add_accesses(blocks_[position], first->second);
        const bool releases = summary.may_release(instruction);
        if (releases || summary.may_acquire(instruction) || summary.may_not_return(instruction))
          blocks_[position].events.push_back({.releases = releases, .separates = true});
      }
      for (llvm::BasicBlock* after : llvm::successors(block)) {
        blocks_[position].after.push_back(positions[after]);
        blocks_[positions[after]].before.push_back(position);
      }
    }
  }

  void add_accesses(Block& block, size_t first) {
    for (size_t i = first;
         i < accesses_.size() && accesses_[i].instruction == accesses_[first].instruction; ++i)
      block.events.push_back({.access = i});
  }

  void make(BitVector& known, size_t access) const {
    for (unsigned fact : facts_.made_by(access)) known.set(fact);
  }

  bool is_needless(const BitVector& known, size_t access) const {
    const std::optional<unsigned> fact = facts_.needed_by(access);
    return fact.has_value() && known.test(*fact);
  }

  void drop(size_t access, Elimination rule) {
    dropped_[access] = true;
    statistics_.eliminated(rule, *accesses_[access].instruction);
  }

  BitVector known_at_begin(const Block& block, const std::vector<BitVector>& at_end) const {
    if (block.before.empty()) return BitVector(facts_.size());
    BitVector known = at_end[block.before.front()];
    for (unsigned before : llvm::drop_begin(block.before)) known &= at_end[before];
    return known;
  }

  // Everything holds until a path is found on which it does not.
  void drop_repeated() {
    std::vector<BitVector> at_end(blocks_.size(), BitVector(facts_.size(), true));
    std::vector<BitVector> made = made_at_end();
    bool changed = true;
    for (unsigned pass = 0; changed; ++pass) {
      if (pass == kMostPasses) return;
      changed = false;
      for (size_t i = 0; i < blocks_.size(); ++i) {
        BitVector known = made[i];
        if (!releases_[i]) known |= known_at_begin(blocks_[i], at_end);
        if (known == at_end[i]) continue;
        at_end[i] = std::move(known);
        changed = true;
      }
    }
    for (const Block& block : blocks_) {
      BitVector known = known_at_begin(block, at_end);
      for (const Event& event : block.events) {
        if (event.releases) known.reset();
        if (event.access == Event::kNone) continue;
        if (is_needless(known, event.access))
          drop(event.access, Elimination::kRepeated);
        else
          make(known, event.access);
      }
    }
  }

  // What each block makes after its last release, and whether it has one.
  std::vector<BitVector> made_at_end() {
    std::vector<BitVector> result(blocks_.size(), BitVector(facts_.size()));
    releases_.resize(blocks_.size());
    for (size_t i = 0; i < blocks_.size(); ++i) {
      for (const Event& event : blocks_[i].events) {
        if (event.releases) {
          result[i].reset();
          releases_.set(i);
        } else if (event.access != Event::kNone) {
          make(result[i], event.access);
        }
      }
    }
    return result;
  }

  // One pass: nothing is certain across a branch backwards.
  void drop_for_later() {
    std::vector<BitVector> at_begin(blocks_.size());
    for (unsigned i = static_cast<unsigned>(blocks_.size()); i-- > 0;) {
      const Block& block = blocks_[i];
      BitVector certain(facts_.size(), !block.after.empty());
      for (unsigned after : block.after) {
        if (after <= i)
          certain.reset();
        else
          certain &= at_begin[after];
      }
      for (const Event& event : llvm::reverse(block.events)) {
        if (event.separates) certain.reset();
        if (event.access == Event::kNone || dropped_[event.access]) continue;
        if (accesses_[event.access].is_vptr) continue;
        if (is_needless(certain, event.access))
          drop(event.access, Elimination::kLater);
        else
          make(certain, event.access);
      }
      at_begin[i] = std::move(certain);
    }
  }

  std::vector<Access>& accesses_;
  Statistics& statistics_;
  CheckFacts facts_;
  std::vector<bool> dropped_;
  std::vector<Block> blocks_;
  BitVector releases_;
};

}  // namespace

void prune_checks(std::vector<Access>& accesses, const ReleaseSummary& summary,
                  Statistics& statistics) {
  if (!accesses.empty()) Pruning(accesses, summary, statistics).run();
}

}  // namespace fibersan::instrument
