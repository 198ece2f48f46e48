// private_memory.h: memory that needs no check, because no other fiber can name it or
// nobody can write it.
//
// Input:    the address of an access.
// Output:   the rule by which it needs no check (eliminations.def), if one does.
// Cost:     one walk over the uses of each local variable, remembered for the function.
//
// Invariants
//   P1  The capture test looks at the local variable itself, never at an address computed
//       from it: an escape through any offset is an escape of the whole variable.
//   P2  A thread-local reached by its name is private: the fibers of one thread take
//       turns, and threads do not share it. Its address given away is not followed.
#ifndef FIBERSAN_INSTRUMENT_PRIVATE_MEMORY_H
#define FIBERSAN_INSTRUMENT_PRIVATE_MEMORY_H

#include <optional>

#include "instrument/eliminations.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/Value.h"

namespace fibersan::instrument {

class PrivateMemory {
 public:
  // The rule for the first object that the address may point to, when there is one for all.
  std::optional<Elimination> rule_for(const llvm::Value* address);

 private:
  std::optional<Elimination> rule_for_object(const llvm::Value* object);
  bool is_uncaptured(const llvm::Value* object);

  llvm::DenseMap<const llvm::Value*, bool> uncaptured_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_PRIVATE_MEMORY_H
