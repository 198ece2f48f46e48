// check_merging.cpp: a walk over each block with the accesses that may still grow.
#include "instrument/check_merging.h"

#include <algorithm>
#include <optional>

#include "instrument/address_form.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MathExtras.h"

namespace fibersan::instrument {
namespace {

constexpr size_t kRemembered = 32;
constexpr uint64_t kLargest = 8;  // a cell of the shadow

// Without debug information a report names the function alone.
bool is_same_line(const llvm::Instruction& a, const llvm::Instruction& b) {
  if (a.getFunction()->getSubprogram() == nullptr) return true;
  const llvm::DILocation* first = a.getDebugLoc().get();
  const llvm::DILocation* second = b.getDebugLoc().get();
  return first != nullptr && second != nullptr && first->getLine() == second->getLine() &&
         first->getFile() == second->getFile() &&
         first->getScope()->getSubprogram() == second->getScope()->getSubprogram() &&
         first->getInlinedAt() == second->getInlinedAt();
}

class Merging {
 public:
  Merging(std::vector<Access>& accesses, const ReleaseSummary& summary, Statistics& statistics)
      : accesses_(accesses),
        summary_(summary),
        statistics_(statistics),
        forms_(accesses.front().instruction->getModule()->getDataLayout()),
        dropped_(accesses.size(), false) {}

  void run() {
    const llvm::Instruction* previous = nullptr;
    for (size_t i = 0; i < accesses_.size(); ++i) {
      const llvm::Instruction* instruction = accesses_[i].instruction;
      if (previous == nullptr || separates(*previous, *instruction)) open_.clear();
      previous = instruction;
      add(i);
    }
    erase_marked(accesses_, dropped_);
  }

 private:
  struct Piece {
    size_t access;
    unsigned form;
    int64_t begin;
  };

  bool separates(const llvm::Instruction& from, const llvm::Instruction& to) const {
    if (from.getParent() != to.getParent()) return true;
    for (const llvm::Instruction* i = &from; i != &to; i = i->getNextNode())
      if (summary_.may_synchronise(*i) || summary_.may_not_return(*i)) return true;
    return false;
  }

  void add(size_t index) {
    const Access& access = accesses_[index];
    if (access.mask != nullptr || access.is_vptr || access.size > kLargest / 2) return;
    const AddressForm form = forms_.of(access.address);
    Piece piece{index, form.number, form.offset + static_cast<int64_t>(access.offset)};
    for (auto other = open_.begin(); other != open_.end(); ++other) {
      if (std::optional<Piece> merged = merge(*other, piece)) {
        open_.erase(other);
        add_piece(*merged);
        return;
      }
    }
    add_piece(piece);
  }

  // Grows once more, perhaps.
  void add_piece(Piece piece) {
    for (auto other = open_.begin(); other != open_.end(); ++other) {
      if (std::optional<Piece> merged = merge(*other, piece)) {
        open_.erase(other);
        return add_piece(*merged);
      }
    }
    if (open_.size() == kRemembered) open_.erase(open_.begin());
    open_.push_back(piece);
  }

  std::optional<Piece> merge(const Piece& a, const Piece& b) {
    Access& first = accesses_[std::min(a.access, b.access)];
    const Access& second = accesses_[std::max(a.access, b.access)];
    if (a.form != b.form || first.kind != second.kind || first.size != second.size)
      return std::nullopt;
    const int64_t distance = b.begin - a.begin;
    const auto size = static_cast<int64_t>(first.size);
    if (distance != size && distance != -size) return std::nullopt;
    if (!is_same_line(*first.instruction, *second.instruction)) return std::nullopt;  // M2
    // Both say how the lower address is aligned.
    const Access& low = distance > 0 ? accesses_[a.access] : accesses_[b.access];
    const Access& high = distance > 0 ? accesses_[b.access] : accesses_[a.access];
    const llvm::Align alignment =
        std::max(low.alignment, llvm::commonAlignment(high.alignment, first.size));
    if (alignment.value() < 2 * first.size) return std::nullopt;  // M3
    const bool first_is_low = &low == &first;
    dropped_[std::max(a.access, b.access)] = true;
    statistics_.eliminated(Elimination::kAdjacent, *second.instruction);
    if (!first_is_low) first.offset -= first.size;
    first.size *= 2;
    first.alignment = alignment;
    return Piece{std::min(a.access, b.access), a.form, std::min(a.begin, b.begin)};
  }

  std::vector<Access>& accesses_;
  const ReleaseSummary& summary_;
  Statistics& statistics_;
  AddressForms forms_;
  std::vector<bool> dropped_;
  std::vector<Piece> open_;
};

}  // namespace

void merge_checks(std::vector<Access>& accesses, const ReleaseSummary& summary,
                  Statistics& statistics) {
  if (!accesses.empty() && is_enabled(Elimination::kAdjacent))
    Merging(accesses, summary, statistics).run();
}

}  // namespace fibersan::instrument
