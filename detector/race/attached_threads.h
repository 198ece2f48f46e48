// attached_threads.h: OS threads of the program: a record, a lane and a ring for life each.
//
// Input:    who created which thread, that it begins and ends, who joins it.
// Output:   this_thread.own and this_thread.fiber of the threads; their FiberInfo.
// State:    records; rings, used again.
// Threads:  any; the records' lock and that of rings.
// Not here: the records, see thread_records.h; pthread_create() and its like, see
//           detector/threads/; the runtime's threads.
//
// Invariants
//   A1  A thread begins with what its creator knew, and whoever joins it learns what it
//       knew at its end, destructors of its thread-local objects included.
//   A2  accesses_are_parallel from before the first attached thread can run.
//   A3  A thread that nobody told of (made by clone(), inside the C library, before the
//       detector) hands on what it acquires and is not checked: what orders it after its
//       creator was not seen, so its accesses would be false positives. The same holds for
//       all that it creates. It is counted.
//   A4  A thread never holds the lane of a fiber of the present run unless run_past.h knows
//       what the creator of the thread knew.
#ifndef FIBERSAN_DETECTOR_RACE_ATTACHED_THREADS_H
#define FIBERSAN_DETECTOR_RACE_ATTACHED_THREADS_H

#include <pthread.h>

#include "detector/fiber.h"

namespace fibersan {

struct AttachedThread;

// By the creator, before the thread exists.
AttachedThread* thread_created(fsan_fiber& creator, StackId where, bool detached);
// The system gave none.
void thread_not_created(AttachedThread& thread);
// By the creator, afterwards. The thread may have begun, and even ended.
void thread_handle_known(AttachedThread& thread, const pthread_t& handle);
// On the new thread, first and last of its events.
void thread_begins(AttachedThread& thread);
void thread_ends();

// The calling thread works for the runtime or for the detector.
void become_runtime_thread();

// Joining: the record is found before the system's join, after which the handle may be
// another thread's. Null: not known. Give it back by one of the other two.
AttachedThread* find_thread_to_join(pthread_t handle);
void thread_joined(AttachedThread& thread, fsan_fiber* joiner);  // null: nobody learns of it
void thread_not_joined(AttachedThread& thread);
void thread_detached(pthread_t handle);
void thread_named(pthread_t handle, const char* name);

// A run of fibers begins on the calling thread with so many processors, gets a second
// worker, ends. Its end is ordered after all fibers of the run.
void note_run_started(bool parallel);
void note_run_widened();
void note_run_finished();
// Its run is over, and the fiber goes on in a blocking call.
void note_fiber_abandoned();

// How many are not checked, A3.
uint64_t foreign_threads();

// The stack of a fiber or thread that has ended leaves nothing in the shadow.
void clear_stack(const fsan_fiber& fiber);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_ATTACHED_THREADS_H
