// private_memory.h: memory that needs no check, because no other fiber can name it or
// nobody can write it.
//
// Input:    an access: its address and where it is.
// Output:   the rule by which it needs no check (eliminations.def), if one does.
// Cost:     see capture_order.h, once for each local object.
//
// Invariants
//   P1  The capture test looks at the object itself, never at an address computed from it: an
//       escape through any offset is an escape of the whole.
//   P2  A thread-local reached by its name is private: the fibers of one thread take
//       turns, and threads do not share it. Its address given away is not followed.
#ifndef FIBERSAN_INSTRUMENT_PRIVATE_MEMORY_H
#define FIBERSAN_INSTRUMENT_PRIVATE_MEMORY_H

#include <optional>

#include "instrument/capture_order.h"
#include "instrument/eliminations.h"
#include "llvm/IR/Function.h"

namespace fibersan::instrument {

// Type-based alias analysis says so; clang -O0 leaves its marks out, and there what a
// constructor stores gives it away.
bool is_vptr_access(const llvm::Instruction& instruction);

class PrivateMemory {
 public:
  explicit PrivateMemory(const llvm::Function& function) : capture_order_(function) {}

  // The rule for the first object that the address may point to, when there is one for all.
  std::optional<Elimination> rule_for(const llvm::Value* address, const llvm::Instruction& access);

 private:
  std::optional<Elimination> rule_for_object(const llvm::Value* object, const llvm::Value* address,
                                             const llvm::Instruction& access);
  bool is_known_only_here(const llvm::Value* object, const llvm::Value* address,
                          const llvm::Instruction& access);

  CaptureOrder capture_order_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_PRIVATE_MEMORY_H
