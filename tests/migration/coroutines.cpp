// A thread_local named in a coroutine is the thread's that it runs on: after a wait of the fiber
// within it, and after a suspension, which another fiber on another thread ends. At each level, in
// plain builds, which have the repair alone, and in instrumented ones.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=4:migrate=1:preempt_ms=1 %run
// RUN: %fiber -O0 %s -o %t.0 && %{try} %t.0
// RUN: %fiber -O1 %s -o %t.1 && %{try} %t.1
// RUN: %fiber -O2 %s -o %t.2 && %{try} %t.2
// RUN: %fiber -O3 -fPIC %s -o %t.3 && %{try} %t.3
// RUN: %fiber -Os -flto=thin -fuse-ld=lld %s -o %t.lto && %{try} %t.lto
// RUN: %fibersan -O0 %s -o %t.s0 && %{try} %t.s0
// RUN: %fibersan -O2 %s -o %t.s2 && %{try} %t.s2
#include "thread.h"

#include <atomic>
#include <coroutine>
#include <exception>

namespace {

thread_local long plain = 0;
thread_local struct {
  int head;
  int array[16];
} structure;
std::atomic<long> migrations = 0;

// A variable lies at the same distance from each thread's pointer.
template <typename T>
void check_place(std::atomic<std::ptrdiff_t>& place, T* variable) {
  const std::ptrdiff_t here = reinterpret_cast<char*>(variable) - this_thread();
  std::ptrdiff_t known = 0;
  CHECK(place.compare_exchange_strong(known, here) || known == here);
}
std::atomic<std::ptrdiff_t> place_of_plain, place_of_array;

struct Walk {
  struct promise_type {
    Walk get_return_object() { return {Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  using Handle = std::coroutine_handle<promise_type>;
  Handle handle;
};

inline void look() {
  check_place(place_of_plain, &plain);
  check_place(place_of_array, &structure.array[0]);
}

// The element of the thread's own array, by an address that the optimiser would keep.
[[gnu::noinline]] void touch(int* element, int index) {
  int* const first = element - index;
  check_place(place_of_array, first);
}

Walk walk(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const int at = i % 16;
    touch(&structure.array[at], at);
    look();
    char* const before = this_thread();
    if (i % 2 == 0) co_await std::suspend_always();
    if (i % 2 == 1) fiber::yield();
    touch(&structure.array[at], at);
    if (this_thread() != before) ++migrations;
    look();
    fiber::yield();
    touch(&structure.array[at], at);
    look();
    try {
      if (i % 4 == 0) throw i;
    } catch (int) {
      fiber::yield();
      touch(&structure.array[at], at);
    }
  }
}

}  // namespace

int main() {
  // A round is begun by one fiber and goes on in another.
  const int status = in_fibers(16, [](int) {
    Walk own = walk(90);
    while (!own.handle.done()) {
      own.handle.resume();
      fiber::spawn([&] {
        if (!own.handle.done()) own.handle.resume();
      }).join();
    }
    own.handle.destroy();
  });
  CHECK(migrations > 0);
  return status;
}
