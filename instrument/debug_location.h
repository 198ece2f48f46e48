// debug_location.h: where a report shall say that an emitted call is.
#ifndef FIBERSAN_INSTRUMENT_DEBUG_LOCATION_H
#define FIBERSAN_INSTRUMENT_DEBUG_LOCATION_H

#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instruction.h"

namespace fibersan::instrument {

// The instruction's own location; when the optimiser removed it, the next one in the
// block, the one before, or the function's line. None without debug information.
inline llvm::DebugLoc debug_location_near(llvm::Instruction& instruction) {
  llvm::DISubprogram* function = instruction.getFunction()->getSubprogram();
  if (function == nullptr) return {};
  for (llvm::Instruction* i = &instruction; i != nullptr; i = i->getNextNode())
    if (i->getDebugLoc()) return i->getDebugLoc();
  for (llvm::Instruction* i = &instruction; i != nullptr; i = i->getPrevNode())
    if (i->getDebugLoc()) return i->getDebugLoc();
  return llvm::DILocation::get(instruction.getContext(), function->getScopeLine(), 0, function);
}

}  // namespace fibersan::instrument

#endif  // FIBERSAN_INSTRUMENT_DEBUG_LOCATION_H
