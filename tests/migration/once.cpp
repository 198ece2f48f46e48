// A fiber that waits within a routine of pthread_once(), call_once() or std::call_once() comes back
// to its thread, in whose list of cleanup handlers the C library has put one meanwhile; also when
// the routine throws. Outside of it the fiber changes threads.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=4:migrate=1 %run
// RUN: %fiber -O2 %s -o %t.2 && %{try} %t.2
// RUN: %fibersan -O1 %s -o %t.s1 && %{try} %t.s1
#include "thread.h"

#include <pthread.h>
#include <threads.h>

#include <mutex>

namespace {

int threads_changed;

void wait_here() {
  const char* const before = this_thread();
  for (int i = 0; i < 20; ++i) {
    fiber::yield();
    CHECK(this_thread() == before);
  }
}

template <class Body>
void on_any_thread(Body body) {
  for (int i = 0; i < 20; ++i) {
    const char* const before = this_thread();
    fiber::yield();
    if (this_thread() != before) ++threads_changed;
  }
  body();
}

struct Error {};

void posix() {
  pthread_once_t control = PTHREAD_ONCE_INIT;
  for (int i = 0; i < 2; ++i) CHECK(pthread_once(&control, wait_here) == 0);
}
void c11() {
  once_flag flag = ONCE_FLAG_INIT;
  for (int i = 0; i < 2; ++i) call_once(&flag, wait_here);
}
void standard() {
  std::once_flag flag;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      std::call_once(flag, [&] {
        wait_here();
        if (++runs == 1) throw Error{};
      });
    } catch (const Error&) {
      CHECK(i == 0);
    }
  }
  CHECK(runs == 2);
}

}  // namespace

int main() {
  const int result = fiber::run([] {
    fiber::spawn([] {
      on_any_thread(posix);
      on_any_thread(c11);
      on_any_thread(standard);
    }).join();
  });
  CHECK(threads_changed > 0);
  return result;
}
