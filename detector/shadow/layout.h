// layout.h: where the shadow of an address is, and its reservation before main.
//
// Output:   __fsan_shadow_base, and reserved address space for the shadow of
//             low   [0, 1 TiB)                        executables at a fixed address
//             mid   1 TiB from the executable on      position-independent ones, brk
//             high  4 TiB below the mappings to the top   libraries, mmap, stacks
// State:    address space only: pages are committed as they are touched, 16 bytes for
//           each 8 of the program that are accessed.
// Errors:   no address space (ulimit -v, vm.overcommit_memory=2): one line that says what
//           is needed, exit status 1, before main.
// Not here: what the shadow holds, see cell.h; forgetting ranges, see shadow.h.
//
// Invariants
//   L1  No shadow piece overlaps a piece of the program's addresses: the base is searched
//       so, from what /proc/self/maps shows. Twice the span from the lowest possible
//       executable to the top of the address space is all that lies below it, so no
//       constant base exists that suits every randomisation.
#ifndef FIBERSAN_DETECTOR_SHADOW_LAYOUT_H
#define FIBERSAN_DETECTOR_SHADOW_LAYOUT_H

#include <cstddef>
#include <cstdint>

#include "detector/abi/hooks.h"

namespace fibersan {

struct AddressRange {
  uintptr_t low = 0;
  uintptr_t high = 0;
  bool operator==(const AddressRange&) const = default;
};

inline constexpr uintptr_t kAddressLimit = uintptr_t{1} << 47;
inline constexpr size_t kPieces = 3;

// The pieces of the program's addresses for a lowest executable address (0: not
// position-independent) and the lowest mapping of the high part.
struct ProgramPieces {
  AddressRange pieces[kPieces];  // low, mid (may be empty), high
};
ProgramPieces program_pieces(uintptr_t executable, uintptr_t lowest_high_mapping);

inline uintptr_t shadow_of(uintptr_t address, uint64_t base) {
  return (2 * (address & ~uintptr_t{7}) + base) & FSAN_SHADOW_MASK;
}

// A base that keeps L1, from the `attempt`th candidate on; `attempt` is moved behind it.
// False when there is none left.
bool find_shadow_base(const ProgramPieces& program, unsigned& attempt, uint64_t& base);

// Once, before anything instrumented runs.
void reserve_shadow();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_LAYOUT_H
