// The same for OS threads and their locks: std::mutex, std::shared_mutex, pthread mutexes, a wait
// that takes its mutex again behind another one. With "fixed" the orders do not differ, or a join
// is between them.
//
// RUN: %fibersan %s -o %t
// RUN: %exits 66 %run %t mutex 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t shared 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t pthread 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t wait 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %exits 66 %run %t fiber 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %run %t fixed 2>&1 | FileCheck %s --check-prefix=FIXED --implicit-check-not=WARNING
#include <fiber/fiber.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <thread>

std::mutex a, b;
std::shared_mutex shared;
pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

template <typename Outer, typename Inner>
void nested(Outer& outer, Inner& inner) {
  std::scoped_lock one(outer);
  std::scoped_lock other(inner);
}

// One after the other, and nothing orders them but what they do.
template <typename F, typename G>
void in_turn(F f, G g) {
  std::atomic<bool> done{false};
  std::thread one([&] {
    f();
    done.store(true, std::memory_order_relaxed);
  });
  std::thread other([&] {
    while (!done.load(std::memory_order_relaxed)) std::this_thread::yield();
    g();
  });
  one.join();
  other.join();
}

void mutex() {
  in_turn([] { nested(a, b); }, [] { nested(b, a); });
}

void reader() {
  in_turn(
      [] {
        std::shared_lock one(shared);
        std::scoped_lock other(a);
      },
      [] { nested(a, shared); });
}

void pthread_locks() {
  auto nested = [](pthread_mutex_t& outer, pthread_mutex_t& inner) {
    pthread_mutex_lock(&outer);
    pthread_mutex_lock(&inner);
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&outer);
  };
  in_turn([=] { nested(first, second); }, [=] { nested(second, first); });
}

void wait() {
  static std::condition_variable never;
  in_turn(
      [] {
        std::unique_lock one(a);
        std::scoped_lock other(b);
        never.wait_for(one, std::chrono::milliseconds(1));
      },
      [] { nested(a, b); });
}

void fiber_and_thread() {
  in_turn([] { nested(a, b); },
          [] { fiber::run([] { fiber::spawn([] { nested(b, a); }).join(); }); });
}

void fixed() {
  std::thread([] { nested(a, b); }).join();
  in_turn([] { nested(b, a); }, [] { nested(b, a); });
  std::recursive_timed_mutex timed;
  in_turn([&] { nested(a, shared); },
          [&] {
            std::scoped_lock one(shared);
            if (a.try_lock()) a.unlock();
            std::scoped_lock held(timed);
            std::scoped_lock again(timed);
          });
  std::puts("done");
}
// CHECK: WARNING: FiberSan: lock-order inversion (potential deadlock) (pid=
// CHECK: reported 1 warnings; precision: exact
// FIXED: done

int main(int, char** arguments) {
  const auto wanted = [&](const char* name) { return std::strcmp(arguments[1], name) == 0; };
  if (wanted("mutex")) mutex();
  if (wanted("shared")) reader();
  if (wanted("pthread")) pthread_locks();
  if (wanted("wait")) wait();
  if (wanted("fiber")) fiber_and_thread();
  if (wanted("fixed")) fixed();
}
