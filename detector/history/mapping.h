// mapping.h: memory of the detector's own, straight from the kernel.
//
// Cost:     a system call; callers take large pieces.
// Threads:  any.
// Not here: the shadow, see detector/shadow/.
#ifndef FIBERSAN_DETECTOR_HISTORY_MAPPING_H
#define FIBERSAN_DETECTOR_HISTORY_MAPPING_H

#include <cstddef>

namespace fibersan {

// Zeroed memory that is committed as it is touched, or null.
void* try_map_memory(size_t bytes);

// The same; when there is none, prints what could not be had and exits with status 1.
void* map_memory(size_t bytes, const char* purpose);

void unmap_memory(void* memory, size_t bytes);

// Zeroes it by giving it back; it is committed again as it is touched. What shares a page
// with something else is zeroed by hand.
void zero_memory(void* memory, size_t bytes);

// Gives back the whole pages within; others may still read there, and find what was or zeros.
void give_back_pages(void* memory, size_t bytes);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_MAPPING_H
