// thread_records.h: the records of attached threads: who they are by handle, stack and id.
//
// State:    one record for each thread that lives or may still be joined, and the main thread's,
//           which is in no list: its stack and its name are found otherwise. It may be joined
//           after its pthread_exit(), while others keep the process alive.
// Cost:     look-ups go through all records.
// Threads:  any; one spin lock.
// Not here: what threads live through, see attached_threads.h.
#ifndef FIBERSAN_DETECTOR_RACE_THREAD_RECORDS_H
#define FIBERSAN_DETECTOR_RACE_THREAD_RECORDS_H

#include <pthread.h>

#include "detector/clock/spin_lock.h"
#include "detector/fiber.h"

namespace fibersan {

struct AttachedThread {
  fsan_fiber fiber;
  Sync ended;              // what it knew at its end
  unsigned processor = 0;  // its creator's: there it finds lanes to take over
  pthread_t handle = {};
  bool has_handle = false;
  bool may_be_joined = false;
  unsigned references = 0;  // its creator's, its own, one while it may be joined, joiners'
  AttachedThread* newer = nullptr;
  AttachedThread* older = nullptr;
};

extern constinit AttachedThread main_thread;

extern SpinLock threads_lock;  // rank 4: the locks of Syncs' clocks inside

// With an id, in the list, without references.
AttachedThread* make_thread_record(uint64_t creator_id, StackId where);
// The last one frees it.
void drop_references(AttachedThread& thread, unsigned count);

// Of the record that this_thread.own is part of.
inline AttachedThread& record_of(fsan_fiber& fiber) {
  static_assert(__builtin_offsetof(AttachedThread, fiber) == 0);
  return reinterpret_cast<AttachedThread&>(fiber);
}

// Null: none that was not joined or detached has this handle.
AttachedThread* find_joinable(pthread_t handle) FIBERSAN_REQUIRES(threads_lock);
// Returns a record to give up: of a thread that was joined without our seeing it, for the
// system has given its handle to another one.
AttachedThread* set_handle(AttachedThread& thread, pthread_t handle)
    FIBERSAN_REQUIRES(threads_lock);

// What pthread_setname_np() calls another thread.
void name_thread(pthread_t handle, const char* name);

// The live thread on whose stack the address is; kNoFiberId when there is none.
uint64_t thread_of_stack_address(uintptr_t address);

// kNoFiberId for a thread of the runtime's.
uint64_t thread_of_handle(pthread_t handle);

// visit() for a thread that lives, under a lock: it must not allocate or call hooks. False: it does
// not.
bool visit_live_thread(uint64_t id, void (*visit)(const fsan_fiber&, void*), void* data);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_RACE_THREAD_RECORDS_H
