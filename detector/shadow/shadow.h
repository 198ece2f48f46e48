// shadow.h: the cells of the program's memory, by address.
//
// Cost:     cell_at() three instructions. clear_shadow() two loads for each 8 bytes;
//           large ranges give their pages back instead, and while there are records
//           (extended.h) look for them in pages that were touched.
// Threads:  cell_at() any; clear_shadow() by whoever owns the memory.
#ifndef FIBERSAN_DETECTOR_SHADOW_SHADOW_H
#define FIBERSAN_DETECTOR_SHADOW_SHADOW_H

#include <cstdint>

#include "detector/shadow/cell.h"
#include "detector/shadow/layout.h"

namespace fibersan {

inline Cell& cell_at(uintptr_t address) {
  return *reinterpret_cast<Cell*>(shadow_of(address, __fsan_shadow_base));
}

// Ranges of the program's memory from this size on give their shadow back. It is the size
// from which the C library maps blocks, too: what they leave behind when they are
// unmapped would be found by whoever maps the same place next.
inline constexpr uint64_t kGiveBackFrom = uint64_t{128} << 10;

// The bits of the bytes [address, address + size) of the one cell they lie in.
inline uint8_t byte_mask(uintptr_t address, uint64_t size) {
  // NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift): a cell has 8 bytes.
  return static_cast<uint8_t>(((1u << size) - 1) << (address & 7));
}

// Every access to [address, address + size), rounded out to cells, is forgotten.
void clear_shadow(uintptr_t address, uint64_t size);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_SHADOW_H
