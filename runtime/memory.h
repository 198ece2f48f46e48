// memory.h: memory of the runtime that user code reads and writes through (channel
// buffers, results of joined fibers).
//
// Input:    sizes and addresses.
// Output:   memory whose accesses and Syncs the detector forgets when it is freed: the
//           last owner of a reference-counted block is no party to a race.
// Threads:  any.
#ifndef FIBERSAN_RUNTIME_MEMORY_H
#define FIBERSAN_RUNTIME_MEMORY_H

#include <cstddef>

namespace fiber::internal {

// Throws std::bad_alloc. `alignment` is a power of two.
void* allocate(size_t size, size_t alignment);
void deallocate(void* memory, size_t size, size_t alignment) noexcept;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_MEMORY_H
