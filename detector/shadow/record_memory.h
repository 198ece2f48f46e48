// record_memory.h: memory for what cells keep beyond two stamps, within one stated budget.
//
// Output:   zeroed pieces of a power of two of bytes; null when the budget is used up or the
//           system has no more. The caller then forgets something and counts it.
// State:    free lists of pieces up to kLargestKept; larger ones go back to the system.
// Cost:     a spin lock (rank 18) of the piece's size; a system call each 256 KiB.
// Threads:  any. errno stays as it is.
#ifndef FIBERSAN_DETECTOR_SHADOW_RECORD_MEMORY_H
#define FIBERSAN_DETECTOR_SHADOW_RECORD_MEMORY_H

#include <cstddef>
#include <cstdint>

namespace fibersan {

// Of the program's whole shadow: 2 GiB are 10^8 readers of captured variables.
inline constexpr uint64_t kRecordBudget = uint64_t{2} << 30;
inline constexpr size_t kLargestKept = size_t{32} << 10;

// `bytes`: a power of two, at least 64.
[[nodiscard]] void* allocate_record_memory(size_t bytes);
void free_record_memory(void* memory, size_t bytes);

// Bytes handed out at present.
uint64_t record_memory_in_use();

// From now on no more than this is handed out; tests make it small, as if the system had no more.
void set_record_budget(uint64_t bytes);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_RECORD_MEMORY_H
