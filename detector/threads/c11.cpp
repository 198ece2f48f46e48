// C11's threads: the C library's thrd_create() and its kin call its pthread functions inside,
// where ours are not seen.
#include "detector/threads/act.h"
#include "detector/threads/thread_start.h"

namespace fibersan {
namespace {

FIBERSAN_REAL(thrd_create);
FIBERSAN_REAL(thrd_join);
FIBERSAN_REAL(thrd_detach);

int run_thread(void* start) {
  const ThreadStart mine = begin_thread(start);
  return reinterpret_cast<int (*)(void*)>(mine.function)(mine.argument);
}

}  // namespace
}  // namespace fibersan

using namespace fibersan;

extern "C" {

int thrd_create(thrd_t* handle, thrd_start_t function, void* argument) {
  if (checking_has_stopped()) return real_thrd_create(handle, function, argument);
  ThreadStart* const start =
      make_start(FIBERSAN_USER, false, reinterpret_cast<void (*)()>(function), argument);
  AttachedThread* const record = start->record;
  int result = 0;
  {
    const InsideDetector inside;
    result = real_thrd_create(handle, run_thread, start);
  }
  if (result != thrd_success) {
    drop_start(start);
  } else if (record != nullptr) {
    thread_handle_known(*record, *handle);
  }
  return result;
}

int thrd_join(thrd_t handle, int* value) {
  Joining joining(handle, FIBERSAN_USER);
  int result = 0;
  {
    const InsideDetector inside;
    result = real_thrd_join(handle, value);
  }
  return joining.finish(result == thrd_success, result);
}

int thrd_detach(thrd_t handle) {
  thread_detached(handle);
  return real_thrd_detach(handle);
}

}  // extern "C"
