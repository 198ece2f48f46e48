// thread_rings.h: a ring of accesses for each worker of the runtime and each attached thread.
//
// State:    workers' rings by index; threads' rings, which the next thread goes on with.
// Threads:  any; a ring has one writer (T2 in thread.h).
#ifndef FIBERSAN_DETECTOR_RACE_THREAD_RINGS_H
#define FIBERSAN_DETECTOR_RACE_THREAD_RINGS_H

#include <cstddef>
#include <cstdint>
#include <span>

#include "detector/history/ring.h"

namespace fibersan {

// Of the worker with this index, which has it as long as it lives.
Ring& worker_ring(uint32_t index);
// Where they all are: what they remember is no reference of the program's.
std::span<const std::byte> worker_rings_memory();

Ring* take_thread_ring();
void give_back_thread_ring(Ring* ring);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_THREAD_RINGS_H
