// What a Context orders: a cancel() before what observes it, a value's construction before
// its readers and those before its destruction, an after_func() before its call.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "../../turn.h"

using namespace std::chrono_literals;

struct User {
  std::string name;
  ~User() { name = "gone"; }
};
const fiber::ContextKey<User> kUser{"user"};

Turn turn;

std::string why(const fiber::Context& context) {
  try {
    context.throw_if_done();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "not done";
}

int main() {
  return fiber::run([] {
    int value = 0;
    auto [context, cancel] = fiber::with_cancel({});
    auto by_done = fiber::spawn([&value, context = context] {
      context.done().receive();
      return value;
    });
    auto by_error = fiber::spawn([&value, context = context] {
      while (context.error() == fiber::ContextError::kNone) fiber::yield();
      return value;
    });
    fiber::after_func(fiber::with_timeout(context, 1h).context, [&value, context = context] {
      std::printf("called %d: %s\n", value, why(context).c_str());
      turn.done();
    });
    value = 1;
    cancel(std::make_exception_ptr(std::runtime_error("enough")));
    turn.after(1);
    std::printf("done %d, error %d\n", by_done.join(), by_error.join());

    auto with_user = fiber::with_value({}, kUser, User{"gopher"});
    fiber::go([child = fiber::with_timeout(with_user, 1ms).context]() mutable {
      child.done().receive();
      std::printf("user %s\n", child.value(kUser)->name.c_str());
      child = fiber::Context();
      turn.done();
    });
    turn.after(2);
    with_user = fiber::Context();

    int late = 0;
    auto timed = fiber::with_timeout({}, 1h);
    late = 1;
    auto second = fiber::with_timeout(timed.context, 1ms);
    fiber::after_func(second.context, [&late] {
      std::printf("deadline %d\n", late);
      turn.done();
    });
    turn.after(3);
  });
}
// CHECK: called 1: enough
// CHECK: done 1, error 1
// CHECK: user gopher
// CHECK: deadline 1
