// After a fiber came back on another thread, the name of a thread_local means that thread's
// variable: for each kind of declaration, at each level, in executables and with -fPIC.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=4:migrate=1:preempt_ms=1 %run
// DEFINE: %{c} = %S/Inputs/thread_local.c
// RUN: %fiber_c -O2 -c %{c} -o %t.c.o && %fiber_c -O3 -fPIC -c %{c} -o %t.c.pic.o
// RUN: %fiber -O0 %s %t.c.o -o %t.0 && %{try} %t.0
// RUN: %fiber -O2 %s %t.c.o -o %t.2 && %{try} %t.2
// RUN: %fiber -O3 -fPIC %s %t.c.pic.o -o %t.pic && %{try} %t.pic
// RUN: %fiber -O2 -flto=thin -fuse-ld=lld %s %t.c.o -o %t.lto && %{try} %t.lto
// RUN: %fibersan -O0 -fPIC %s %t.c.pic.o -o %t.s0 && %{try} %t.s0
// RUN: %fibersan -O3 -flto=thin -fuse-ld=lld %s %t.c.o -o %t.s3 && %{try} %t.s3
// RUN: clang-19 -shared %t.c.pic.o -o %t.so
// RUN: %fiber -O2 %s %t.so -o %t.library && %{try} %t.library
// RUN: %fibersan -O2 %s %t.c.o -o %t.s2 && %{try} %t.s2
#include "thread.h"

#include <atomic>
#include <mutex>
#include <vector>

extern "C" {
extern __thread int declared_in_c;
int add_in_c(int by);
int loop_in_c(int rounds, void (*between)(void));
}

namespace {

thread_local int plain = 0;
static __thread long old_style = 0;
thread_local struct {
  int head;
  int array[16];
} structure;
struct Constructed {
  int* self;
  Constructed() : self(&value) {}
  int value = 0;
};
thread_local Constructed constructed;
template <typename T>
thread_local T of_template = 0;

int& local_to_function() {
  thread_local int value = 0;
  return value;
}
Constructed& constructed_in_function() {
  thread_local Constructed value;
  return value;
}

// A variable lies at the same distance from each thread's pointer.
template <typename T>
void check_place(std::atomic<std::ptrdiff_t>& place, T* variable) {
  std::ptrdiff_t here = reinterpret_cast<char*>(variable) - this_thread();
  std::ptrdiff_t known = 0;
  CHECK(place.compare_exchange_strong(known, here) || known == here);
}
#define CHECK_PLACE(variable)                 \
  do {                                        \
    static std::atomic<std::ptrdiff_t> place; \
    check_place(place, &(variable));          \
  } while (false)

fiber::Mutex counters_mutex;
std::vector<int*> counters;
thread_local int counter = 0;
thread_local bool is_counter_known = false;
std::atomic<int> migrations = 0;

void count() {
  ++counter;
  if (is_counter_known) return;
  is_counter_known = true;
  int* mine = &counter;  // the fiber may be elsewhere once it has the lock
  std::scoped_lock lock(counters_mutex);
  counters.push_back(mine);
}

// A round is eight changes of thread: on a busy machine these take a time slice each.
constexpr int kFibers = 32, kRounds = 40, kWithPolls = 100'000;

void body(int number) {
  for (int round = 0; round < kRounds; ++round) {
    plain = number;
    structure.array[round % 16] = round;
    char* before = this_thread();
    fiber::yield();
    migrations += this_thread() != before;
    CHECK_PLACE(plain);
    CHECK_PLACE(old_style);
    CHECK_PLACE(structure.array);
    CHECK_PLACE(of_template<long>);
    CHECK_PLACE(declared_in_c);
    CHECK_PLACE(local_to_function());
    // These are allocated where the linker put them, too, but constructed on first use.
    CHECK(constructed.self == &constructed.value);
    CHECK_PLACE(constructed);
    CHECK(constructed_in_function().self == &constructed_in_function().value);
    // The right side switches, the left side is where the fiber is then.
    plain = (fiber::yield(), number + 1);
    CHECK(plain == number + 1);
    structure.array[number % 16] = (fiber::yield(), number);
    CHECK(structure.array[number % 16] == number);
    plain = 1;
    plain += (fiber::yield(), plain = 5, 2);
    CHECK(plain == 7);
    old_style = number;
    CHECK(old_style == number);
    of_template<int> = number;
    CHECK(of_template<int> == number);
    count();
    int sum = add_in_c(1);
    CHECK(add_in_c(0) == sum);
    loop_in_c(3, [] { fiber::yield(); });
  }
  // No call in sight: a poll changes the thread.
  for (int i = 0; i < kWithPolls; ++i) count();
}

}  // namespace

int main() {
  int total = 0;
  int status = in_fibers(kFibers, body, [&] {
    for (int* each : counters) total += *each;
  });
  CHECK(total == kFibers * (kRounds + kWithPolls));
  CHECK(migrations > 0);
  return status;
}
