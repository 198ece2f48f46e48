// atomic_operations.h: replaces atomic instructions by hooks that perform them.
//
// Input:    loads, stores, read-modify-writes, compare-exchanges and fences of 8 to 128
//           bits, of any type that has as many bits: integers, pointers, floats, vectors.
// Output:   one hook call each; an operation that the hooks do not know (floating point,
//           wrapping counts) becomes a loop around the compare-exchange hook.
// Not here: larger atomics. No front end emits them; LLVM lowers them to libatomic calls
//           after this pass, unchecked. Operations that order against signal handlers only
//           (singlethread) are plain accesses.
#ifndef FIBERSAN_INSTRUMENT_ATOMIC_OPERATIONS_H
#define FIBERSAN_INSTRUMENT_ATOMIC_OPERATIONS_H

#include <array>
#include <optional>

#include "instrument/hook_table.h"
#include "llvm/IR/Instructions.h"
#include "llvm/Support/AtomicOrdering.h"

namespace fibersan::instrument {

// The five sizes of one atomic hook, by the logarithm of the size in bytes.
using SizedHooks = std::array<Hook, 5>;
extern const SizedHooks kAtomicLoad;
extern const SizedHooks kAtomicStore;
extern const SizedHooks kAtomicRmw;
extern const SizedHooks kAtomicCompareExchange;

// The enumerator of fsan_rmw, if the hooks know the operation.
std::optional<unsigned> hook_operation(llvm::AtomicRMWInst::BinOp operation);

// `context` is the value on entry to the function. The instruction is erased.
void emit_atomic(HookTable& hooks, llvm::Instruction& instruction, llvm::Value* context);

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_ATOMIC_OPERATIONS_H
