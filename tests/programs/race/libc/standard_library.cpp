// Races on objects of the C++ library, whose members are in the library's own object code or
// inline: string, vector, map, shared_ptr and the like. One case for each argument.
//
// RUN: %fibersan -std=c++17 %s -o %t
// RUN: not %run %t string_append 2>&1 | FileCheck %s --check-prefixes=RACE,APPEND
// RUN: not %run %t string_size 2>&1 | FileCheck %s --check-prefixes=RACE,SIZE
// RUN: not %run %t string_view 2>&1 | FileCheck %s --check-prefixes=FREED
// RUN: not %run %t vector 2>&1 | FileCheck %s --check-prefixes=RACE
// RUN: not %run %t map 2>&1 | FileCheck %s --check-prefixes=RACE
// RUN: not %run %t unordered_map 2>&1 | FileCheck %s --check-prefixes=RACE
// RUN: not %run %t function 2>&1 | FileCheck %s --check-prefixes=RACE
// RUN: not %run %t shared_ptr 2>&1 | FileCheck %s --check-prefixes=RACE
//
// The same in order, and what is no race, in one run:
// RUN: %run %t 2>&1 | FileCheck %s --check-prefix=SILENT --implicit-check-not=WARNING
//
// RACE: WARNING: FiberSan: data race
// APPEND: std::__cxx11::basic_string<{{.*}}append
// APPEND: SUMMARY: FiberSan: data race {{.*}}standard_library.cpp:{{[0-9]+}}
// SIZE: {{#[0-9]+ .*}}push_back
// FREED: WARNING: FiberSan: heap-use-after-free race
// SILENT: done
#include <fiber/fiber.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

std::atomic<size_t> seen;  // of external linkage: what is stored there is not dropped

namespace {

bool in_order = false;

// Unordered, or one after the other.
template <typename First, typename Second>
void both(First first, Second second) {
  fiber::WaitGroup group;
  fiber::Channel<int> turn(1);
  group.go([&] {
    first();
    if (in_order) turn.send(0);
  });
  group.go([&] {
    if (in_order) turn.receive();
    second();
  });
  group.wait();
}

void string_append() {
  std::string text;
  both([&] { text.append("one"); }, [&] { text.append("other"); });
}
void string_size() {
  std::string text;
  both([&] { seen = text.size(); }, [&] { text.push_back('x'); });
}
void string_view() {
  auto text = std::make_unique<std::string>("long enough to be in a block of its own");
  std::string_view view = *text;
  both([&] { seen = view[3]; }, [&] { text.reset(); });
}
void vector() {
  std::vector<int> numbers(4);
  both([&] { numbers[2] = 1; }, [&] { numbers.push_back(5); });
}
void map() {
  std::map<int, int> numbers;
  both([&] { numbers[2] = 1; }, [&] { numbers[3] = 1; });
}
void unordered_map() {
  std::unordered_map<std::string, int> numbers;
  both([&] { numbers["two"] = 1; }, [&] { numbers["three"] = 1; });
}
void function() {
  std::function<int()> call = [] { return 1; };
  both([&] { seen = static_cast<size_t>(call()); }, [&] { call = [] { return 2; }; });
}
void shared_ptr() {
  auto shared = std::make_shared<int>(1);
  both([&] { auto copy = shared; }, [&] { shared.reset(); });
}

const std::map<std::string, void (*)()> cases = {
    {"string_append", string_append},
    {"string_size", string_size},
    {"string_view", string_view},
    {"vector", vector},
    {"map", map},
    {"unordered_map", unordered_map},
    {"function", function},
    {"shared_ptr", shared_ptr},
};

// --- no races ---

// The last owner destroys what all have used.
void shared_by_many() {
  struct Node {
    std::string text = "a text that is too long for the object";
    std::atomic<int> uses{0};
  };
  auto shared = std::make_shared<Node>();
  std::weak_ptr<Node> weak = shared;
  fiber::WaitGroup group;
  for (int i = 0; i < 50; ++i)
    group.go([own = shared] {
      fiber::yield();
      seen = own->text.size();
      ++own->uses;
    });
  for (int i = 0; i < 50; ++i)
    group.go([weak] {
      if (auto own = weak.lock()) seen = own->text.size();
    });
  shared.reset();
  group.wait();
}

struct Guarded {
  static inline int attempts = 0;
  Guarded() {
    if (attempts++ < 3) throw std::runtime_error("not yet");
  }
  std::string text = "made once, seen by all";
};
const Guarded& guarded() {
  static const Guarded instance;
  return instance;
}

void made_once() {
  std::once_flag flag;
  std::string made;
  fiber::WaitGroup group;
  for (int i = 0; i < 20; ++i)
    group.go([&] {
      std::call_once(flag, [&] { made = "once"; });
      seen = made.size();
      for (;;) try {
          seen = guarded().text.size();
          return;
        } catch (const std::runtime_error& error) {
          seen = std::string_view(error.what()).size();
        }
    });
  group.wait();
}

}  // namespace

int main(int count, char** arguments) {
  return fiber::run([&] {
    if (count > 1) {
      cases.at(arguments[1])();
      return;
    }
    in_order = true;
    for (const auto& [name, run] : cases) run();
    shared_by_many();
    made_once();
    std::puts("done");
  });
}
