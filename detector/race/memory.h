// memory.h: what heap and runtime memory means for the shadow.
//
// Input:    blocks allocated and freed; ranges of the runtime's own; pages mapped and unmapped.
// Threads:  whoever owns the memory.
//
// Invariants
//   M1  Fresh memory has no stamps and no Syncs.
//   M2  A free is a write of the whole block by the fiber that frees it; its stamps stay
//       until the memory is allocated again. It is in the history even when writes of the same
//       epoch cover it: the reports of later uses look for it.
//   M3  From kGiveBackFrom on (shadow.h) what costs is what was touched. Of a block that the C
//       library maps alone nothing stays: its memory goes back to the system, and so does its
//       shadow. A use after the free faults. Any other such block is stamped as in M2 where its
//       shadow has pages. A known miss: a use after the free that nothing orders, in 2 KiB (a
//       page of the shadow) in which nobody had touched anything. The shadow stays until the
//       memory is allocated again, even if the C library gives the memory back.
//   M4  Pages are forgotten before they are unmapped, and when they are mapped: what unmapped
//       them last may have been the C library itself, unseen. Unmapping is no access: a use
//       before it that nothing orders is not reported, one after it faults.
#ifndef FIBERSAN_DETECTOR_RACE_MEMORY_H
#define FIBERSAN_DETECTOR_RACE_MEMORY_H

#include <cstdint>

namespace fibersan {

void memory_allocated(uintptr_t address, uint64_t size);
// Whether memory_freed(), if called now, leaves a stamp and an event, and in which epoch of
// which lane.
bool free_will_be_stamped(uint64_t size, uint32_t& lane, uint32_t& epoch);
// `pc` and `frame` of the interposed function, as in access.h.
void memory_freed(uintptr_t address, uint64_t size, uintptr_t pc, const void* frame);
// A block that is unmapped with its free, M3.
void mapped_memory_freed(uintptr_t address, uint64_t size, uintptr_t pc, const void* frame);
// Whole pages, wherever they are: nothing is known of them, Syncs and objects included.
void pages_forgotten(uintptr_t address, uint64_t size);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_MEMORY_H
