// Ordinary C++ under a Mutex: containers, strings, smart pointers, algorithms.
//
// RUN: %fibersan %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=1 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: env FIBER_OPTIONS=procs=3 %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O0 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O2 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
// RUN: %fibersan -O3 %s -o %t && %run %t 2>&1 | FileCheck %s --implicit-check-not=WARNING
#include <fiber/fiber.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

struct Everything {
  fiber::Mutex mutex;
  std::vector<int> vector;
  std::map<std::string, int> map;
  std::unordered_map<int, std::string> hash;
  std::set<std::string> set;
  std::deque<std::unique_ptr<int>> deque;
  std::list<std::shared_ptr<std::string>> list;
  std::optional<std::string> optional;
  std::variant<int, std::string> variant;
  std::string string;
};

void work(Everything& all, int me) {
  for (int i = 0; i < 40; ++i) {
    std::scoped_lock lock(all.mutex);
    const std::string text = "a string longer than its buffer " + std::to_string(me * 100 + i);
    all.vector.push_back(me * 1000 + i);
    ++all.map[text.substr(0, 30 + i % 4)];
    all.hash[me * 100 + i] = text;
    all.set.insert(text);
    all.deque.push_front(std::make_unique<int>(i));
    if (all.deque.size() > 10) all.deque.pop_back();
    all.list.push_back(std::make_shared<std::string>(text));
    all.optional = text;
    if (i % 2 == 0) {
      all.variant = text;
    } else {
      all.variant = i;
    }
    all.string += text[0];
    std::sort(all.vector.rbegin(), all.vector.rend());
    if (i % 8 == 0) fiber::yield();
  }
}

int main() {
  return fiber::run([] {
    Everything all;
    fiber::WaitGroup workers;
    for (int me = 0; me < 8; ++me) workers.go([&all, me] { work(all, me); });
    workers.wait();
    std::printf("%zu %zu %zu %zu %zu\n", all.vector.size(), all.map.size(), all.hash.size(),
                all.set.size(), all.string.size());
  });
}
// CHECK: 320 {{[0-9]+}} 320 320 320
