// std::function, virtual calls and exceptions, thrown, caught and carried between fibers.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct Square : Shape {
  explicit Square(double side) : side(side) {}
  double area() const override { return side * side; }
  double side;
};

int throwing(int depth) {
  if (depth == 0) throw std::invalid_argument("too deep");
  std::string local(40, 'x');
  fiber::yield();
  return throwing(depth - 1) + static_cast<int>(local.size());
}

int main() {
  return fiber::run([] {
    std::vector<std::function<int(int)>> steps;
    for (int i = 1; i <= 3; ++i) steps.push_back([i](int n) { return n * i; });
    const std::unique_ptr<Shape> shape = std::make_unique<Square>(3);
    fiber::Channel<std::exception_ptr> failures(10);
    fiber::WaitGroup workers;
    for (int i = 0; i < 10; ++i)
      workers.go([&, i] {
        int n = i;
        for (const auto& step : steps) n = step(n);
        try {
          n += throwing(5) + static_cast<int>(shape->area());
        } catch (const std::invalid_argument&) {
          failures.send(std::current_exception());
        }
      });
    workers.wait();
    failures.close();
    int caught = 0;
    for (const std::exception_ptr& failure : failures) {
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& e) {
        caught += std::string(e.what()) == "too deep";
      }
    }
    auto thrower = fiber::spawn([] { return throwing(3); });
    try {
      thrower.join();
    } catch (const std::exception& e) {
      std::printf("%d caught, one by join: %s\n", caught, e.what());
    }
  });
}
// CHECK: 10 caught, one by join: too deep
