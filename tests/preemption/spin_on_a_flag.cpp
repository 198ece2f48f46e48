// A fiber that waits for a flag in a loop does not keep the one processor from the fiber that
// sets it: at every level, with and without checks, and in loops of other shapes.
//
// DEFINE: %{try} = env FIBER_OPTIONS=procs=1:preempt_ms=1 %run
// RUN: %fiber -O0 %s -o %t.0 && %{try} %t.0
// RUN: %fiber -O2 %s -o %t.2 && %{try} %t.2
// RUN: %fiber -O3 -fPIC %s -o %t.3 && %{try} %t.3
// RUN: %fiber -O2 -flto=thin -fuse-ld=lld %s -o %t.lto && %{try} %t.lto
// RUN: %fibersan -O0 %s -o %t.s0 && %{try} %t.s0
// RUN: %fibersan -O2 -DLONG %s -o %t.s2 && %{try} %t.s2
#include <fiber/fiber.h>

#include <atomic>
#include <cstdint>
#include <vector>

namespace {

std::atomic<int> stage = 0;

// Whoever runs next raises the stage; `compute` must not return before.
template <typename Compute>
void let_others_run(Compute compute) {
  int before = stage;
  fiber::go([] { ++stage; });
  compute(before);
}

// 2 to the power of depth calls, unless the stage changes.
__attribute__((noinline)) int recurse(int depth, int before) {
  if (depth == 0 || stage.load(std::memory_order_relaxed) != before) return 1;
  return recurse(depth - 1, before) + recurse(depth - 1, before);
}

struct Node {
  const Node* below = nullptr;
  virtual ~Node() = default;
  virtual int visit(int before) const {
    if (below == nullptr || stage.load(std::memory_order_relaxed) != before) return 1;
    return below->visit(before) + below->visit(before);
  }
};

void irreducible(int before, bool into_the_middle) {
  if (into_the_middle) goto middle;
again:
  if (stage == before + 1000) return;
middle:
  if (stage == before) goto again;
}

void assembly_goto(int before) {
again:
  if (stage != before) return;
  asm goto("jmp %l0" : : : : again);
}

void exceptions(int before) {
  while (true) {
    try {
      if (stage != before) throw 1;
    } catch (int) {
      return;
    }
  }
}

// Both checks move out of the loop.
__attribute__((noinline)) void add_often(int* sum, const int* step, uint64_t times) {
  for (uint64_t i = 0; i < times; ++i) *sum = static_cast<int>(i & 1) + *step;
}

}  // namespace

int main() {
  return fiber::run([] {
    let_others_run([](int before) {
      while (stage.load() == before) {
      }
    });
    let_others_run([](int before) {
      for (volatile uint32_t i = 0; stage == before; i = i + 1) {
      }
    });
    // Counts to a limit that it never reaches.
    let_others_run([](int before) {
      for (uint64_t i = 0; i != UINT64_MAX; ++i)
        if (stage.load(std::memory_order_relaxed) != before) break;
    });
    let_others_run([](int before) {
      uint64_t limit = UINT64_MAX / 4;
      uint64_t step = static_cast<uint64_t>(before) + 1;
      for (uint64_t i = 0; i < limit; i += step)
        if (stage.load(std::memory_order_relaxed) != before) break;
    });
    let_others_run([](int before) {
      int rows = 1 << 20;
      for (int i = 0; i < rows; ++i)
        for (int j = 0; j < rows; ++j)
          for (int k = 0; k < i; ++k)
            if (stage.load(std::memory_order_relaxed) != before) return;
    });
    let_others_run([](int before) { recurse(60, before); });
    let_others_run([](int before) {
      std::vector<Node> nodes(60);
      for (size_t i = 1; i < nodes.size(); ++i) nodes[i].below = &nodes[i - 1];
      nodes.back().visit(before);
    });
    irreducible(0, false);
    let_others_run([](int before) { irreducible(before, true); });
    let_others_run([](int before) { assembly_goto(before); });
    let_others_run([](int before) { exceptions(before); });
#ifdef LONG
    let_others_run([](int before) {
      int numbers[2] = {};
      add_often(&numbers[0], &numbers[1], 500'000'000);
      if (stage == before) --stage;
    });
#else
    ++stage;
#endif
    return stage == 11 ? 0 : 1;
  });
}
