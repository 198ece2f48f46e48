// layout.h: where the shadow of an address is, and its reservation before main.
//
// Output:   __fsan_shadow_base, and reserved address space for the shadow of
//             [0, 1 TiB)             executables at a fixed address
//             every mapping          position-independent executables, libraries
//             1 TiB above brk
//             4 TiB of new mappings  below the libraries, or above them where the
//                                    layout grows upwards
//             the top                1 TiB below the stack, and all above it
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
//   L2  The pieces do not overlap each other, and the last one ends at kAddressLimit.
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
// The parts of the address space that the program uses or will use, in no order (L2).
struct ProgramPieces {
  // There are four in all layouts; mappings made before main at addresses of somebody's
  // choice may add some.
  static constexpr size_t kLimit = 8;

  AddressRange pieces[kLimit] = {{0, uintptr_t{1} << 40}};
  size_t count = 1;
  bool complete = true;  // false: more than kLimit were needed
};

// Adds addresses that are in use. Pieces that are close become one.
void add_mapping(ProgramPieces& program, AddressRange mapping);
// Adds the room for brk to grow from here.
void add_brk(ProgramPieces& program, uintptr_t brk);
// Adds where mappings will be. `probe` is a large one that the kernel placed, after all
// others were added: it shows the end at which they grow.
void add_future_mappings(ProgramPieces& program, AddressRange probe);
// Adds the top, with room for the main thread's stack. `stack` is an address in it.
void add_stack(ProgramPieces& program, uintptr_t stack);
// Of pieces whose shadows can only overlap by some pages, the upper one loses those that
// it begins with. See the comment in the implementation.
void give_up_headers(ProgramPieces& program);

inline uintptr_t shadow_of(uintptr_t address, uint64_t base) {
  return (2 * (address & ~uintptr_t{7}) + base) & FSAN_SHADOW_MASK;
}

// A base that keeps L1, from the `attempt`th candidate on; `attempt` is moved behind it.
// False when there is none left.
bool find_shadow_base(const ProgramPieces& program, unsigned& attempt, uint64_t& base);

// Once, before anything instrumented runs.
void reserve_shadow();
// The addresses that have shadow.
const ProgramPieces& shadowed_pieces();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_LAYOUT_H
