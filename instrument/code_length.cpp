#include "instrument/code_length.h"

#include <algorithm>

#include "llvm/Analysis/CFG.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

namespace fibersan::instrument {
namespace {

using llvm::dyn_cast;
using llvm::isa;

constexpr uint64_t kDivision = 20;
constexpr uint64_t kAssembly = 8;
constexpr uint64_t kIntrinsic = 4;
constexpr uint64_t kBytesAnInstructionMoves = 32;
constexpr uint64_t kMovesUnknownAmount = 512;
constexpr uint64_t kLibraryFunction = 200;

// They run the program's own code.
bool calls_back(llvm::LibFunc function) { return function == llvm::LibFunc_qsort; }

uint64_t of_intrinsic(const llvm::IntrinsicInst& intrinsic) {
  if (intrinsic.isAssumeLikeIntrinsic()) return 0;
  auto* memory = dyn_cast<llvm::AnyMemIntrinsic>(&intrinsic);
  if (memory == nullptr) return kIntrinsic;
  auto* size = dyn_cast<llvm::ConstantInt>(memory->getLength());
  return size == nullptr ? kMovesUnknownAmount
                         : 1 + size->getZExtValue() / kBytesAnInstructionMoves;
}

}  // namespace

uint64_t CodeLength::of(llvm::Instruction& instruction) {
  if (auto* intrinsic = dyn_cast<llvm::IntrinsicInst>(&instruction))
    return of_intrinsic(*intrinsic);
  if (auto* call = dyn_cast<llvm::CallBase>(&instruction)) return of_call(*call);
  switch (instruction.getOpcode()) {
    case llvm::Instruction::PHI:
    case llvm::Instruction::BitCast:
      return 0;
    case llvm::Instruction::SDiv:
    case llvm::Instruction::UDiv:
    case llvm::Instruction::SRem:
    case llvm::Instruction::URem:
      return kDivision;
    default:
      return 1;
  }
}

uint64_t CodeLength::of(llvm::BasicBlock& block) {
  uint64_t length = 0;
  for (llvm::Instruction& instruction : block) length += of(instruction);
  return std::min(length, kUnbounded);
}

uint64_t CodeLength::of_call(llvm::CallBase& call) {
  if (call.isInlineAsm()) return kAssembly;
  llvm::Function* callee = call.getCalledFunction();
  if (callee == nullptr) return kUnbounded;
  if (!callee->isDeclaration()) return of_body(*callee);
  llvm::LibFunc function;
  bool is_known = library_(*call.getFunction()).getLibFunc(call, function);
  if (is_known && !calls_back(function)) return kLibraryFunction;
  return kUnbounded;
}

uint64_t CodeLength::of_body(llvm::Function& function) {
  // While it is being looked at: a recursion.
  auto [entry, is_new] = bodies_.try_emplace(&function, kUnbounded);
  if (!is_new) return entry->second;
  llvm::SmallVector<std::pair<const llvm::BasicBlock*, const llvm::BasicBlock*>, 4> back_edges;
  llvm::FindFunctionBackedges(function, back_edges);
  if (!back_edges.empty()) return kUnbounded;
  uint64_t length = 0;
  for (llvm::BasicBlock& block : function) length = std::min(length + of(block), kUnbounded);
  bodies_[&function] = length;
  return length;
}

}  // namespace fibersan::instrument
