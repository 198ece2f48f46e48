// eliminations.h: the rules that leave checks out, which of them are on, and what they did.
//
// Input:    eliminations.def; from the command line (clang -mllvm, opt):
//             -fibersan-without=name[,name...]|all   switches rules off
//             -fibersan-calls-only                   every check is a plain call of its hook
//             -fibersan-stats[=file]                 a summary of each module
// Output:   the summary as a table on stderr, or as one line of JSON appended to the file;
//           a remark for each access (remarks.h).
// State:    Statistics counts for one module.
//
// Invariants
//   L1  Every access that select_accesses meets is counted once as seen. Every check that is
//       left out is counted once under its rule, every check that is made once by its form:
//       the sums are equal. A check that stands before a loop for accesses in it, which are
//       counted as left out, is counted apart.
#ifndef FIBERSAN_INSTRUMENT_ELIMINATIONS_H
#define FIBERSAN_INSTRUMENT_ELIMINATIONS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Instruction.h"
#include "llvm/IR/Module.h"

namespace fibersan::instrument {

enum class Elimination : uint8_t {
#define FIBERSAN_ELIMINATION(id, name, text) id,
#define FIBERSAN_NECESSITY(id, name, text) id,
#include "instrument/eliminations.def"
#undef FIBERSAN_NECESSITY
#undef FIBERSAN_ELIMINATION
};

inline constexpr llvm::StringLiteral kEliminationNames[] = {
#define FIBERSAN_ELIMINATION(id, name, text) name,
#define FIBERSAN_NECESSITY(id, name, text) name,
#include "instrument/eliminations.def"
#undef FIBERSAN_NECESSITY
#undef FIBERSAN_ELIMINATION
};
inline constexpr size_t kEliminations = std::size(kEliminationNames);

// Not switched off by -fibersan-without.
bool is_enabled(Elimination rule);
// -fibersan-calls-only.
bool emits_calls_only();
// What was given of these two, as it would be typed.
std::string elimination_options();

enum class CheckForm : uint8_t { kInline, kCall, kRange };
inline constexpr size_t kCheckForms = 3;

class Statistics {
 public:
  // `instruction` is the access; it is still in its function.
  void seen(const llvm::Instruction& instruction);
  void eliminated(Elimination rule, const llvm::Instruction& instruction);
  // `has_moved`: it stands before a loop, and is counted apart whatever its form.
  void emitted(CheckForm form, const llvm::Instruction& instruction, bool has_moved = false);

  // Does what -fibersan-stats asks for; nothing without it.
  void print(const llvm::Module& module) const;

 private:
  uint64_t seen_ = 0;
  std::array<uint64_t, kEliminations> eliminated_{};
  std::array<uint64_t, kCheckForms> emitted_{};
  uint64_t moved_ = 0;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_ELIMINATIONS_H
