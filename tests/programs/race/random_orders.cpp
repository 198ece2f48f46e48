// Random paths of links between two accesses, each in its own fibers: a path whose every link
// is an edge orders them, one with a link that only looks like an edge does not. Exactly the
// variables of the second kind are reported, whatever runs beside them.
//
// RUN: %fibersan -O1 -std=c++20 %s -o %t && %run %t expected > %t.expected
// RUN: %exits 66 env FIBER_OPTIONS=procs=1 %run %t > %t.out 2>&1
// RUN: sed -n "s/.* second<\([0-9]*\)>.*/\1/p" %t.out | sort -n -u > %t.found
// RUN: diff %t.expected %t.found && FileCheck %s < %t.out
// RUN: %exits 66 env FIBER_OPTIONS=procs=4 %run %t > %t.out 2>&1
// RUN: sed -n "s/.* second<\([0-9]*\)>.*/\1/p" %t.out | sort -n -u > %t.found
// RUN: diff %t.expected %t.found && FileCheck %s < %t.out
#include <fiber/fiber.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "../turn.h"

constexpr int kPrograms = 40;
constexpr int kInOneProgram = 3;
constexpr int kVariables = kPrograms * kInOneProgram;

// Two in each 8 bytes.
alignas(8) int variables[kVariables];

using Step = std::function<void()>;

void see(int value) { [[maybe_unused]] const volatile int seen = value; }

// --- accesses, each in a function of its own: reports are told apart by their stacks ---

template <int kIndex>
[[gnu::noinline]] void first(bool write) {
  write ? void(variables[kIndex] = 1) : see(variables[kIndex]);
}
template <int kIndex>
[[gnu::noinline]] void second(bool write) {
  write ? void(variables[kIndex] = 2) : see(variables[kIndex]);
}
using Access = void (*)(bool);
template <int... kIndex>
constexpr auto all_of(std::integer_sequence<int, kIndex...>) {
  return std::array<std::pair<Access, Access>, kVariables>{
      std::pair<Access, Access>{first<kIndex>, second<kIndex>}...};
}
constexpr auto accesses = all_of(std::make_integer_sequence<int, kVariables>());

// --- links ---

// `from` is done in one fiber, then `to` in the next. A gate makes `to` wait for the end of
// `from` in time alone.
struct Link {
  bool is_edge;
  bool gated;
  Step from;
  Step to;
};

constexpr int kEdges = 11;
constexpr int kOthers = 8;

struct Objects {
  fiber::Channel<int> unbuffered, one{1}, full{1}, two{2}, other{1};
  fiber::Mutex mutex, other_mutex;
  fiber::RwMutex rw_mutex;
  fiber::WaitGroup group;
  fiber::Semaphore semaphore{0};
  fiber::Once once;
  std::atomic<int> word{0};
  Objects() {
    full.send(0);
    two.send(0);
    group.add(2);
  }
};

Link make_edge(int kind, const std::shared_ptr<Objects>& o) {
  switch (kind) {
    case 0:
      return {true, false, [o] { o->one.send(1); }, [o] { o->one.receive(); }};
    case 1:
      return {true, false, [o] { o->unbuffered.send(1); }, [o] { o->unbuffered.receive(); }};
    case 2:
      return {true, false, [o] { o->unbuffered.receive(); }, [o] { o->unbuffered.send(1); }};
    case 3:  // the k-th receive before the (k+C)-th send
      return {true, false, [o] { o->full.receive(); }, [o] { o->full.send(1); }};
    case 4:
      return {true, true, [o] { std::scoped_lock lock(o->mutex); },
              [o] { std::scoped_lock lock(o->mutex); }};
    case 5:
      return {true, true, [o] { std::shared_lock lock(o->rw_mutex); },
              [o] { std::scoped_lock lock(o->rw_mutex); }};
    case 6:
      return {true, false, [o] { o->group.done(), o->group.done(); }, [o] { o->group.wait(); }};
    case 7:
      return {true, false, [o] { o->semaphore.release(); }, [o] { o->semaphore.acquire(); }};
    case 8:
      return {true, true, [o] { o->word.store(1, std::memory_order_release); },
              [o] { see(o->word.load(std::memory_order_acquire)); }};
    case 9:
      return {true, false, [o] { o->one.close(); }, [o] { o->one.receive(); }};
    default:
      return {true, true, [o] { o->once.call([] {}); }, [o] { o->once.call([] {}); }};
  }
}

Link make_other(int kind, const std::shared_ptr<Objects>& o) {
  switch (kind) {
    case 0:
      return {false, true, [] {}, [] {}};
    case 1:
      return {false, true, [o] { std::scoped_lock lock(o->mutex); },
              [o] { std::scoped_lock lock(o->other_mutex); }};
    case 2:
      return {false, true, [o] { std::shared_lock lock(o->rw_mutex); },
              [o] { std::shared_lock lock(o->rw_mutex); }};
    case 3:
      return {false, true, [o] { o->word.store(1, std::memory_order_relaxed); },
              [o] { see(o->word.load(std::memory_order_acquire)); }};
    case 4:  // receives what was there before
      return {false, true, [o] { o->two.send(1); }, [o] { o->two.receive(); }};
    case 5:  // the case that sent loses
      return {false, true, [o] { o->one.send(1); },
              [o] {
                o->other.send(1);
                fiber::select(fiber::on_receive(o->other), fiber::on_send(o->full, 1));
              }};
    case 6:
      return {false, true, [o] { o->group.done(); }, [o] { o->group.done(); }};
    default:
      return {false, true, [o] { o->word.fetch_add(1, std::memory_order_acquire); },
              [o] { o->word.fetch_add(1, std::memory_order_release); }};
  }
}

struct Plan {
  std::vector<Link> links;
  bool racy = false;
  bool first_writes = true;
  bool second_writes = true;
};

// Of one variable; the same in every run.
Plan plan_of(int index, bool with_objects) {
  std::minstd_rand random(static_cast<unsigned>(index) * 7919u + 17u);
  random.discard(3);
  const auto below = [&](int limit) { return static_cast<int>(random() >> 8) % limit; };
  Plan plan;
  const int length = 1 + below(3);
  const int broken = below(2) == 0 ? below(length) : -1;
  for (int i = 0; i < length; ++i) {
    const int edge = below(kEdges);
    const int other = below(kOthers);
    const auto objects = with_objects ? std::make_shared<Objects>() : nullptr;
    plan.links.push_back(i == broken ? make_other(other, objects) : make_edge(edge, objects));
  }
  plan.racy = broken >= 0;
  plan.first_writes = below(3) != 0;
  plan.second_writes = !plan.first_writes || below(2) == 0;
  return plan;
}

void start(int index, fiber::WaitGroup& all) {
  const auto plan = std::make_shared<Plan>(plan_of(index, true));
  const auto gates = std::make_shared<std::vector<Turn>>(plan->links.size());
  const int last = static_cast<int>(plan->links.size());
  for (int at = last; at >= 0; --at) {  // those that wait come first
    all.go([=] {
      if (at > 0) {
        const Link& link = plan->links[at - 1];
        if (link.gated) (*gates)[at - 1].after(1);
        link.to();
      }
      if (at == 0) accesses[index].first(plan->first_writes);
      if (at == last) accesses[index].second(plan->second_writes);
      if (at < last) {
        plan->links[at].from();
        (*gates)[at].done();
      }
    });
  }
}

int main(int argc, char**) {
  if (argc > 1) {
    for (int i = 0; i < kVariables; ++i)
      if (plan_of(i, false).racy) std::printf("%d\n", i);
    return 0;
  }
  return fiber::run([] {
    for (int program = 0; program < kPrograms; ++program) {
      fiber::WaitGroup all;
      for (int i = 0; i < kInOneProgram; ++i) start(program * kInOneProgram + i, all);
      all.wait();
    }
  });
}
// CHECK: WARNING: FiberSan: data race
// CHECK: FiberSan: reported {{[0-9]+}} warnings; precision: exact
