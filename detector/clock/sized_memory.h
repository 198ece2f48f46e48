// sized_memory.h: memory of any size for hooks: lists that grow.
//
// Cost:     up to 64 KiB a slab's, rounded up to a power of two; above that two system calls.
// Threads:  any.
// Not here: objects of one size, see slab.h.
#ifndef FIBERSAN_DETECTOR_CLOCK_SIZED_MEMORY_H
#define FIBERSAN_DETECTOR_CLOCK_SIZED_MEMORY_H

#include <cstddef>

namespace fibersan {

// Not zeroed, aligned to 16 bytes. Never null: out of memory ends the process with a message.
[[nodiscard]] void* allocate_sized(std::size_t size);
// With the size that it was asked for with.
void free_sized(void* memory, std::size_t size);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_SIZED_MEMORY_H
