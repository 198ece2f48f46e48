// What the C++ library knows about exceptions in flight goes with the fiber: caught and
// uncaught ones, nested and rethrown, with a switch at every stage.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=4:migrate=1 %run
// RUN: %fiber -O0 %s -o %t.0 && %{try} %t.0
// RUN: %fiber -O2 %s -o %t.2 && %{try} %t.2
// RUN: %fibersan -O3 -flto=thin -fuse-ld=lld %s -o %t.s3 && %{try} %t.s3
// RUN: %fibersan -O1 %s -o %t.s1 && %{try} %t.s1
#include "thread.h"

#include <exception>
#include <stdexcept>
#include <string>

namespace {

struct Unwound {
  int uncaught;
  int number;
  ~Unwound() {
    CHECK(std::uncaught_exceptions() == uncaught);
    fiber::yield();
    CHECK(std::uncaught_exceptions() == uncaught);
    try {  // one more while the first is in flight
      throw number;
    } catch (int caught) {
      fiber::yield();
      CHECK(caught == number);
      CHECK(std::uncaught_exceptions() == uncaught);
    }
  }
};

std::string message(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    fiber::yield();
    return e.what();
  }
}

void nested(int number) {
  try {
    Unwound unwound{1, number};
    throw std::runtime_error("outer " + std::to_string(number));
  } catch (...) {
    fiber::yield();
    CHECK(std::uncaught_exceptions() == 0);
    std::exception_ptr outer = std::current_exception();
    try {
      fiber::yield();
      std::throw_with_nested(std::logic_error("inner"));
    } catch (const std::logic_error& e) {
      fiber::yield();
      CHECK(message(std::current_exception()) == "inner");
      try {
        std::rethrow_if_nested(e);
        CHECK(false);
      } catch (const std::runtime_error& rethrown) {
        fiber::yield();
        CHECK(rethrown.what() == "outer " + std::to_string(number));
      }
    }
    fiber::yield();
    CHECK(std::current_exception() == outer);
    throw;
  }
}

// Of one fiber, each a dozen changes of thread: on a busy machine these take a time slice each.
constexpr int kRounds = 12;

void body(int number) {
  for (int round = 0; round < kRounds; ++round) {
    try {
      nested(number);
      CHECK(false);
    } catch (const std::runtime_error& e) {
      fiber::yield();
      CHECK(e.what() == "outer " + std::to_string(number));
    }
    CHECK(std::uncaught_exceptions() == 0);
    CHECK(std::current_exception() == nullptr);
    // Thrown here, caught in another fiber.
    auto other = fiber::spawn([number]() -> int {
      fiber::yield();
      throw std::out_of_range(std::to_string(number));
    });
    try {
      other.join();
      CHECK(false);
    } catch (const std::out_of_range& e) {
      fiber::yield();
      CHECK(e.what() == std::to_string(number));
    }
  }
}

}  // namespace

int main() { return in_fibers(32, body); }
