// Threads: created, joined, detached, named. The C library's own functions of C11 do not come
// here, see c11.cpp.
//
// Invariants
//   P1  What the C library allocates and frees for a thread is nobody's access: a stack that
//       is used again gives back the thread-locals of the last thread in the name of the next
//       one's creator.
#include "detector/race/sync_note.h"
#include "detector/threads/thread_start.h"

#include <unwind.h>

#include <new>

#include "detector/clock/slab.h"
#include "detector/history/stack_table.h"
#include "detector/threads/act.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(pthread_create);
FIBERSAN_REAL(pthread_join);
FIBERSAN_REAL(pthread_tryjoin_np);
FIBERSAN_REAL(pthread_timedjoin_np);
FIBERSAN_REAL(pthread_clockjoin_np);
FIBERSAN_REAL(pthread_detach);
FIBERSAN_REAL(pthread_setname_np);

constinit Slab start_slab(sizeof(ThreadStart));

void* run_thread(void* start) {
  const ThreadStart mine = begin_thread(start);
  return reinterpret_cast<void* (*)(void*)>(mine.function)(mine.argument);
}

// std::thread comes here through libstdc++, which keeps no frame pointers: walking them would
// leave out the line that the user wrote. Threads cost more than unwinding.
StackId stack_here(const Caller& caller) {
  const InsideDetector inside;
  struct Walk {
    uintptr_t from;
    Stack stack;
  } walk{caller.pc, {}};
  _Unwind_Backtrace(
      [](_Unwind_Context* frame, void* data) {
        Walk& walk = *static_cast<Walk*>(data);
        const uintptr_t pc = _Unwind_GetIP(frame);
        if (pc == 0 || walk.stack.cut) return _URC_END_OF_STACK;
        if (!walk.stack.empty() || pc == walk.from) walk.stack.push(pc);
        return _URC_NO_REASON;
      },
      &walk);
  return add_stack(walk.stack);
}

bool is_detached(const pthread_attr_t* attributes) {
  int state = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &state);
  return state == PTHREAD_CREATE_DETACHED;
}

}  // namespace

ThreadStart* make_start(const Caller& caller, bool detached, void (*function)(), void* argument) {
  AttachedThread* record = nullptr;
  if (fsan_fiber* creator = act()) {
    const StackId where = stack_here(caller);
    note_stack_use(*creator, reinterpret_cast<uintptr_t>(caller.frame));
    record = thread_created(*creator, where, detached);
  }
  return new (start_slab.allocate()) ThreadStart{record, function, argument};
}

void drop_start(ThreadStart* start) {
  if (start->record != nullptr) thread_not_created(*start->record);
  start_slab.free(start);
}

ThreadStart begin_thread(void* start) {
  const ThreadStart mine = *static_cast<ThreadStart*>(start);
  start_slab.free(start);
  if (mine.record == nullptr) {
    become_runtime_thread();
  } else {
    thread_begins(*mine.record);
  }
  return mine;
}

Joining::Joining(pthread_t handle, const Caller& caller)
    : record_(find_thread_to_join(handle)), caller_(caller) {}

Joining::~Joining() {
  if (record_ == nullptr) return;
  if (done_) {
    fsan_fiber* const joiner = act();
    thread_joined(*record_, joiner);
    if (joiner != nullptr) note_other_fiber(joiner->last_acquire, *joiner, stack_here(caller_));
  } else {
    thread_not_joined(*record_);
  }
}

int Joining::finish(bool done, int result) {
  done_ = done;
  return result;
}

}  // namespace fibersan

using namespace fibersan;

namespace {

// P1
template <typename Call>
int join(pthread_t handle, Call&& call) {
  Joining joining(handle, FIBERSAN_USER);
  const int result = [&] {
    const InsideDetector inside;
    return call();
  }();
  return joining.finish(result == 0, result);
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* handle, const pthread_attr_t* attributes, void* (*function)(void*),
                   void* argument) noexcept {
  if (checking_has_stopped()) return real_pthread_create(handle, attributes, function, argument);
  ThreadStart* const start = make_start(FIBERSAN_USER, is_detached(attributes),
                                        reinterpret_cast<void (*)()>(function), argument);
  AttachedThread* const record = start->record;
  int result = 0;
  {
    const InsideDetector inside;  // P1
    result = real_pthread_create(handle, attributes, run_thread, start);
  }
  if (result != 0) {
    drop_start(start);
  } else if (record != nullptr) {
    thread_handle_known(*record, *handle);
  }
  return result;
}

int pthread_join(pthread_t handle, void** value) {
  return join(handle, [&] { return real_pthread_join(handle, value); });
}

int pthread_tryjoin_np(pthread_t handle, void** value) noexcept {
  return join(handle, [&] { return real_pthread_tryjoin_np(handle, value); });
}

int pthread_timedjoin_np(pthread_t handle, void** value, const timespec* deadline) {
  return join(handle, [&] { return real_pthread_timedjoin_np(handle, value, deadline); });
}

int pthread_clockjoin_np(pthread_t handle, void** value, clockid_t clock,
                         const timespec* deadline) {
  return join(handle, [&] { return real_pthread_clockjoin_np(handle, value, clock, deadline); });
}

int pthread_detach(pthread_t handle) noexcept {
  thread_detached(handle);  // afterwards the handle may be another thread's
  return real_pthread_detach(handle);
}

int pthread_setname_np(pthread_t handle, const char* name) noexcept {
  const int result = real_pthread_setname_np(handle, name);
  if (result == 0) thread_named(handle, name);
  return result;
}

}  // extern "C"
