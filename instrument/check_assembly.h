// check_assembly.h: the statement of assembly that checks one access, and the thunks it calls.
//
// Output:   a call of inline assembly in front of the access, with the access's debug location.
// Not here: what the statement consists of, see inline_check.cpp and short_check.cpp.
//
// Invariants
//   S1  A thunk is named after all that it does, and defined by the first statement of the object
//       file that calls it: statements are not told apart from their copies.
//   S2  Thunks stand in a section of their own and refer to no code of a function: the linker may
//       drop any function.
#ifndef FIBERSAN_INSTRUMENT_CHECK_ASSEMBLY_H
#define FIBERSAN_INSTRUMENT_CHECK_ASSEMBLY_H

#include <array>
#include <optional>
#include <string>

#include "instrument/inline_check.h"

namespace fibersan::instrument {

class CheckAssembly {
 public:
  // Two registers that the code may change.
  using ScratchPair = std::array<const char*, 2>;
  CheckAssembly(const Access& access, const CheckTarget& target,
                std::optional<ScratchPair> scratch = std::nullopt);

  // Operands, as the code names them: "$2".
  std::string add_register(llvm::Value* value);
  std::string add_memory(llvm::Value* address);
  // " -48(%rbp)", where the function keeps its calling context; empty: it keeps none.
  std::string add_context();
  // A constant, or a register.
  std::string add_extra(llvm::Value* value);

  void emit(const std::string& code);

  llvm::Value* address_of_access();
  bool is_read() const { return access_.kind == AccessKind::kRead; }
  const Access& access() const { return access_; }
  const CheckTarget& target() const { return target_; }
  llvm::IRBuilder<>& builder() { return builder_; }

 private:
  std::string add_operand(llvm::Value* value, const char* constraint, llvm::Type* element);
  void add_constraint(const std::string& constraint);

  const Access& access_;
  const CheckTarget& target_;
  llvm::IRBuilder<> builder_;
  std::string constraints_;
  llvm::Type* result_type_;
  size_t results_ = 0;
  llvm::SmallVector<llvm::Value*, 8> operands_;
  llvm::SmallVector<llvm::Type*, 8> types_;
  llvm::SmallVector<llvm::Type*, 8> elements_;  // of memory operands
};

// Aligned, of 1, 2, 4 bytes and so on.
bool is_natural(const Access& access, uint64_t largest);

// Parts of code.
std::string below(unsigned bytes);  // the place so far below rsp
// For unwinders: how far rsp is below the caller's, and how far the return address.
std::string unwound_by(unsigned depth, unsigned return_address);
std::string jump_to_detector(const std::string& entry, const CheckTarget& target);
// With rsp as in a thunk: the context comes above the return address, as entries want it.
std::string hand_over(const std::string& context);
// S1, S2. `name` is quoted.
std::string define_thunk(const std::string& name, const std::string& code);
std::string call_of_thunk(const std::string& name, const std::string& code);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_CHECK_ASSEMBLY_H
