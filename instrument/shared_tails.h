// shared_tails.h: what the thunks of a function's checks jump to.
//
// Output:   one statement at the function's entry that defines all of it, in a section of its own,
//           unless the object file has it already. It adds no code to the function.
// Cost:     the assembler reads a text for each function instead of for each check: 7.9 s instead
//           of 10.3 in the compiler's printer, of 54 for sqlite3.c.
//
// Invariants
//   T1  A tail is named after all that it does, the place of the function's context included.
//   T2  Whoever copies a function behind the pass copies its entry, too. A part that is moved to a
//       function of its own (hot-cold splitting on demand) would lack its tails when linked.
//   T3  The statement is of no line. The assembler gives a line to the next instruction that it
//       writes, which would be the tail's, and the function's first check would be left without.
#ifndef FIBERSAN_INSTRUMENT_SHARED_TAILS_H
#define FIBERSAN_INSTRUMENT_SHARED_TAILS_H

#include <map>
#include <string>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/IR/Function.h"

namespace fibersan::instrument {

class SharedTails {
 public:
  // `context_slot` as in CheckTarget.
  explicit SharedTails(llvm::Value* context_slot) : context_slot_(context_slot) {}

  llvm::Value* context_slot() const { return context_slot_; }

  // definition(context) gives the text, once for each name. `context` is how that calls the place
  // of the context, behind a blank, or nothing; it belongs to the tail's name (T1).
  void add(const std::string& name,
           llvm::function_ref<std::string(const std::string& context)> definition);

  void define_in(llvm::Function& function) const;

 private:
  llvm::Value* context_slot_;
  std::map<std::string, std::string> definitions_;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_SHARED_TAILS_H
