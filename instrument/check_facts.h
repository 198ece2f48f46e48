// check_facts.h: what the checks of a function make known, as numbered facts.
//
// Input:    accesses of one function.
// Output:   for each access the fact that would make its check needless, and the facts that
//           its check makes.
// Cost:     n log n, plus the pairs of accesses of which one covers the other.
//
// Invariants
//   F1  Whoever makes a fact makes all weaker ones: fewer bytes of it, reading for writing.
//   F2  A fact that fewer than two checks make has no number: it can spare nothing.
//   F3  Numbers go by the order of the accesses.
#ifndef FIBERSAN_INSTRUMENT_CHECK_FACTS_H
#define FIBERSAN_INSTRUMENT_CHECK_FACTS_H

#include <optional>
#include <vector>

#include "instrument/access.h"
#include "llvm/ADT/SmallVector.h"

namespace fibersan::instrument {

class CheckFacts {
 public:
  explicit CheckFacts(const std::vector<Access>& accesses);

  // How many facts there are.
  unsigned size() const { return size_; }
  // Forgets all facts from this number on.
  void shorten(unsigned size);

  std::optional<unsigned> needed_by(size_t access) const;
  const llvm::SmallVector<unsigned, 2>& made_by(size_t access) const { return made_[access]; }

 private:
  static constexpr unsigned kNone = ~0U;

  unsigned size_ = 0;
  std::vector<unsigned> needed_;
  std::vector<llvm::SmallVector<unsigned, 2>> made_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CHECK_FACTS_H
