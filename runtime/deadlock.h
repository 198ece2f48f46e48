// deadlock.h: the end of a process in which every fiber waits.
//
// Threads:  a worker, when all workers are in the idle set. Several may see that, one reports.
#ifndef FIBERSAN_RUNTIME_DEADLOCK_H
#define FIBERSAN_RUNTIME_DEADLOCK_H

#include <cstdint>

namespace fiber::internal {

// Does the process have more threads than these? Reads /proc: not for hot paths.
bool foreign_threads(uint32_t own_threads);

// The detector says it, or we do: each fiber, why it waits and where.
[[noreturn]] void report_global_deadlock();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_DEADLOCK_H
