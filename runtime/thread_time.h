// thread_time.h: what the system knows of a thread of this process by its number.
#ifndef FIBERSAN_RUNTIME_THREAD_TIME_H
#define FIBERSAN_RUNTIME_THREAD_TIME_H

#include <cstdint>

namespace fiber::internal {

// Nanoseconds of CPU time; 0: the thread has gone.
int64_t computed_by(int thread_id);
// It waits in the kernel at this moment, also for a page.
bool sleeps_in_kernel(int thread_id);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_THREAD_TIME_H
