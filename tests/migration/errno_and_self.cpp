// errno belongs to the fiber and is written where the fiber runs; pthread_self() and
// std::this_thread answer for the thread of the moment. Their headers promise the compiler
// that the answer never changes.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=4:migrate=1 %run
// RUN: %fiber -O0 %s -o %t.0 && %{try} %t.0
// RUN: %fiber -O2 %s -o %t.2 && %{try} %t.2
// RUN: %fiber -O2 -flto=thin -fuse-ld=lld %s -o %t.lto && %{try} %t.lto
// RUN: %fiber -O3 -fPIC %s -o %t.3 && %{try} %t.3
// RUN: %fibersan -O0 -fPIC %s -o %t.s0 && %{try} %t.s0
// RUN: %fibersan -O3 -flto=thin -fuse-ld=lld %s -o %t.s3 && %{try} %t.s3
// RUN: %fibersan -O2 %s -o %t.s2 && %{try} %t.s2
#include "thread.h"

#include <pthread.h>
#include <cctype>
#include <cerrno>
#include <thread>

namespace {

constexpr int kRounds = 60;  // each two changes of thread, on a busy machine a time slice each

void body(int number) {
  for (int round = 0; round < kRounds; ++round) {
    errno = number + 1;
    fiber::yield();
    CHECK(errno == number + 1);
    errno = (fiber::yield(), number + 2);
    CHECK(errno == number + 2);
    // The system's own code reads and writes the same place.
    CHECK(std::strtol("99999999999999999999", nullptr, 10) > 0 && errno == ERANGE);
    CHECK(reinterpret_cast<char*>(pthread_self()) == this_thread());
    CHECK(reinterpret_cast<char*>(__builtin_thread_pointer()) == this_thread());
    CHECK(std::this_thread::get_id() == std::thread::id(pthread_self()));
    CHECK(std::isalpha('a' + number % 26) != 0);
  }
}

}  // namespace

int main() { return in_fibers(32, body); }
