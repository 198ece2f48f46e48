// access.h: what the pass found in one function, before anything is changed.
//
// Invariants
//   A1  Two accesses with the same `stretch` are in one basic block with nothing between
//       them that may release: no call, atomic or fence. The fiber's stamp is one value
//       there.
//   A2  Accesses are listed in the order of the code, block by block, each block after
//       its dominators.
#ifndef FIBERSAN_INSTRUMENT_ACCESS_H
#define FIBERSAN_INSTRUMENT_ACCESS_H

#include <cstdint>
#include <vector>

#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Support/Alignment.h"

namespace fibersan::instrument {

enum class AccessKind : bool { kRead, kWrite };

// `size` bytes at address + offset, known when compiling. With a mask, only the elements
// of a vector that it switches on.
struct Access {
  llvm::Instruction* instruction;
  llvm::Value* address;
  uint64_t offset;
  uint64_t size;
  llvm::Align alignment;  // of address + offset
  AccessKind kind;
  unsigned stretch;
  llvm::Value* mask = nullptr;
  bool is_vptr = false;    // of the pointer to an object's virtual functions
  bool has_moved = false;  // stands for accesses in a loop, before it
};

// `size` bytes at `address`, known when running.
struct RangeAccess {
  llvm::Instruction* instruction;
  llvm::Value* address;
  llvm::Value* size;
  AccessKind kind;
  bool has_moved = false;  // stands for accesses in a loop, before it
};

// Elements of `size` bytes, each at an address of its own, that a mask switches on.
struct ScatteredAccess {
  llvm::Instruction* instruction;
  llvm::Value* addresses;
  llvm::Value* mask;
  uint64_t size;
  AccessKind kind;
};

// Leaves out those marked, by index.
inline void erase_marked(std::vector<Access>& accesses, const std::vector<bool>& marked) {
  size_t index = 0;
  std::erase_if(accesses, [&](const Access&) { return marked[index++]; });
}

struct FunctionPlan {
  std::vector<Access> accesses;
  std::vector<RangeAccess> ranges;
  std::vector<ScatteredAccess> scattered;
  std::vector<llvm::Instruction*> atomics;  // loads, stores, rmw, cmpxchg, fences
  std::vector<llvm::CallBase*> libatomic_calls;
  std::vector<llvm::CallBase*> guard_calls;  // around the first use of a local static
  std::vector<llvm::CallBase*> calls;        // into code that may want our context
  std::vector<llvm::ReturnInst*> returns;
};

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_ACCESS_H
