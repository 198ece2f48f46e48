// Types local to a function or in an unnamed namespace go through channels, and so do
// types without default constructor and types that can only be moved.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <memory>
#include <string>

namespace {
struct Unnamed {
  explicit Unnamed(std::string text) : text(std::move(text)) {}
  Unnamed(Unnamed&&) = default;
  std::string text;
};
}  // namespace

int main() {
  return fiber::run([] {
    struct Local {
      std::unique_ptr<int> number;
    };
    fiber::Channel<Local> locals(2);
    fiber::Channel<Unnamed> unnamed;
    fiber::Channel<fiber::Channel<int>> channels(1);
    fiber::go([=] {
      locals.send({std::make_unique<int>(1)});
      unnamed.send(Unnamed("a text that does not fit the small buffer"));
      fiber::Channel<int> inner(1);
      channels.send(inner);
      inner.send(3);
    });
    std::printf("%d\n", *locals.receive()->number);
    std::printf("%s\n", unnamed.receive()->text.c_str());
    std::printf("%d\n", *channels.receive()->receive());
    Local left{std::make_unique<int>(4)};
    locals.send({nullptr}), locals.send({nullptr});
    std::printf("taken %d, kept %d\n", locals.try_send(std::move(left)), *left.number);
  });
}
// CHECK: 1
// CHECK: a text that does not fit the small buffer
// CHECK: 3
// CHECK: taken 0, kept 4
