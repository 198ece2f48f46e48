// C++20 coroutines: frames on the heap, symmetric transfer, a generator, exceptions through
// co_await, loops with polls between two suspensions, and a coroutine that is resumed by
// several fibers in turn. With the order that a channel gives nothing is reported; without it
// the race is on the variable of the coroutine's frame.
//
// DEFINE: %{silent} = env FIBER_OPTIONS=procs=3:preempt_ms=1:migrate=1 %run
// DEFINE: %{check} = FileCheck %s
// RUN: %fibersan -O0 %s -o %t && %{silent} %t ordered 2>&1 | %{check} --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t 2>&1 | %{check}
// RUN: %fibersan -O2 %s -o %t && %{silent} %t ordered 2>&1 | %{check} --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t 2>&1 | %{check}
// RUN: %fibersan -O2 -flto=thin -fuse-ld=lld %s -o %t && %{silent} %t ordered 2>&1 | %{check} --check-prefix=SILENT --implicit-check-not=WARNING
// RUN: %exits 66 %run %t 2>&1 | %{check}
#include <fiber/fiber.h>

#include <atomic>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../../thread.h"
#include "../../turn.h"

namespace {

// Lazy; whoever awaits it is continued by symmetric transfer.
struct Task {
  struct promise_type {
    std::coroutine_handle<> awaiter = std::noop_coroutine();
    std::exception_ptr exception;
    long value = 0;

    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) noexcept {
        return ended.promise().awaiter;
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(long n) { value = n; }
    void unhandled_exception() { exception = std::current_exception(); }
  };
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle(handle) {}
  Task(Task&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  ~Task() {
    if (handle) handle.destroy();
  }
  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) {
    handle.promise().awaiter = awaiter;
    return handle;
  }
  long await_resume() {
    if (handle.promise().exception) std::rethrow_exception(handle.promise().exception);
    return handle.promise().value;
  }
  long run() { return handle.resume(), await_resume(); }

  Handle handle;
};

struct Generator {
  struct promise_type {
    long current = 0;
    Generator get_return_object() { return {Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(long n) { return current = n, std::suspend_always(); }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  using Handle = std::coroutine_handle<promise_type>;
  long next() { return handle.resume(), handle.promise().current; }
  Handle handle;
};

thread_local int of_thread = 0;
std::atomic<bool> stop_spinning = false;

// It lies at the same distance from each thread's pointer, on all of which coroutines continue.
void check_thread() {
  static std::atomic<std::ptrdiff_t> known = 0;
  std::ptrdiff_t here = reinterpret_cast<char*>(&of_thread) - this_thread(), none = 0;
  CHECK(known.compare_exchange_strong(none, here) || none == here);
}

// Loops with polls between two suspensions.
Generator squares(const std::vector<long>& values) {
  for (;;) {
    long sum = 0;
    for (long value : values) sum += value * value;
    while (!stop_spinning.load(std::memory_order_relaxed)) {
    }
    check_thread();
    co_yield sum;
    check_thread();
  }
}

Task leaf(long n) {
  if (n == 13) throw std::out_of_range("thirteen");
  check_thread();
  fiber::yield();  // the thread changes within the coroutine
  check_thread();
  co_return n;
}

// Deep: without symmetric transfer the fiber's stack would overflow.
Task sum_up_to(long n) {
  long sum = 0;
  for (long i = 0; i < n; ++i) {
    try {
      sum += co_await leaf(i);
    } catch (const std::out_of_range&) {
      fiber::yield();
      sum += 13;
    }
  }
  co_return sum;
}

Task nested(long depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nested(depth - 1);
}

// One coroutine, handed from fiber to fiber; each resumption adds to a variable of its frame.
Generator counter() {
  long count = 0;
  for (;;) {
    ++count;  // the race
    co_yield count;
  }
}

void ordered() {
  fiber::WaitGroup all;
  const std::vector<long> values(1000, 3);
  for (int i = 0; i < 8; ++i)
    all.go([&] {
      CHECK(sum_up_to(200).run() == 199 * 200 / 2);
      CHECK(nested(500).run() == 500);
      Generator generator = squares(values);
      for (int k = 0; k < 100; ++k) CHECK(generator.next() == 9000);
      generator.handle.destroy();
    });
  all.go([] { stop_spinning.store(true, std::memory_order_relaxed); });
  fiber::Channel<Generator> baton(1);
  baton.send(counter());
  for (int i = 0; i < 8; ++i)
    all.go([&] {
      for (int k = 0; k < 20; ++k) {
        Generator mine = *baton.receive();
        mine.next();
        baton.send(mine);
      }
    });
  all.wait();
  Generator last = *baton.receive();
  CHECK(last.next() == 161);
  last.handle.destroy();
}

void unordered() {
  Turn turn;
  Generator shared = counter();
  fiber::WaitGroup both;
  both.go([&] { shared.next(), turn.done(); });
  both.go([&] { turn.after(1), shared.next(); });
  both.wait();
  shared.handle.destroy();
}

}  // namespace

int main(int count, char**) {
  int status = fiber::run([&] { count > 1 ? ordered() : unordered(); });
  std::puts("done");
  return status;
}
// CHECK: WARNING: FiberSan: data race
// CHECK: #0 {{.*}}counter() (.resume) {{.*}}coroutines.cpp
// CHECK: Location is heap block
// CHECK: done
// SILENT: done
