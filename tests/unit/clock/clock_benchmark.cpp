// What the clock costs: ninja bench_clock && build/tests/unit/bench_clock
#include <benchmark/benchmark.h>

#include <deque>

#include "detector/clock/fiber_clock.h"

namespace fibersan {
namespace {

// A fiber that knows `lanes` lanes through its tree.
void learn_lanes(FiberClock& fiber, LaneId lanes) {
  Sync done;
  std::deque<FiberClock> children(lanes);
  for (FiberClock& child : children) {
    child.start(fiber.spawn(), 0, 1);
    child.touched();
    child.merge(done);
  }
  for (FiberClock& child : children) child.end();
  fiber.acquire(done);
}

void knows(benchmark::State& state) {
  lane_table.reset();
  {
    FiberClock fiber;
    fiber.start({}, 0, 1);
    const auto lanes = static_cast<LaneId>(state.range(0));
    learn_lanes(fiber, lanes);
    LaneId lane = 0;
    for (auto _ : state) {
      benchmark::DoNotOptimize(fiber.knows(lane, 1));
      lane = lane + 1 == lanes ? 0 : lane + 1;
    }
    fiber.end();
  }
}
BENCHMARK(knows)->Arg(4)->Arg(60)->Arg(4000)->Arg(200000);

void release_clean(benchmark::State& state) {
  FiberClock fiber;
  fiber.start({}, 0, 1);
  Sync sync;
  for (auto _ : state) fiber.release(sync);
  fiber.end();
}
BENCHMARK(release_clean);

void release_dirty(benchmark::State& state) {
  FiberClock fiber;
  fiber.start({}, 0, 1);
  learn_lanes(fiber, static_cast<LaneId>(state.range(0)));
  Sync sync;
  for (auto _ : state) {
    fiber.touched();
    fiber.release(sync);
  }
  fiber.end();
}
BENCHMARK(release_dirty)->Arg(4)->Arg(4000);

// Two fibers hand a lock to each other, each writes under it.
void lock_handover(benchmark::State& state) {
  lane_table.reset();
  FiberClock a;
  a.start({}, 0, 1);
  learn_lanes(a, static_cast<LaneId>(state.range(0)));
  FiberClock b;
  b.start(a.spawn(), 0, 2);
  Sync sync;
  for (auto _ : state) {
    for (FiberClock* fiber : {&a, &b}) {
      fiber->acquire(sync);
      fiber->touched();
      fiber->release(sync);
    }
  }
  state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
  b.end();
  a.end();
}
BENCHMARK(lock_handover)->Arg(4)->Arg(4000);

void spawn_end_join(benchmark::State& state) {
  lane_table.reset();
  FiberClock parent;
  parent.start({}, 0, 1);
  learn_lanes(parent, static_cast<LaneId>(state.range(0)));
  Sync done;
  for (auto _ : state) {
    FiberClock child;
    child.start(parent.spawn(), 0, 2);
    child.touched();
    child.release(done);
    child.end();
    parent.acquire(done);
  }
  parent.end();
}
BENCHMARK(spawn_end_join)->Arg(4)->Arg(4000);

// A thousand children, one WaitGroup; per child.
void fork_join(benchmark::State& state) {
  lane_table.reset();
  FiberClock parent;
  parent.start({}, 0, 1);
  Sync done;
  std::deque<FiberClock> children(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (FiberClock& child : children) child.start(parent.spawn(), 0, 2);
    for (FiberClock& child : children) {
      child.touched();
      child.merge(done);
      child.end();
    }
    parent.acquire(done);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
  state.counters["lanes"] = lane_table.lanes_created();
  parent.end();
}
BENCHMARK(fork_join)->Arg(1000)->Arg(10000)->Arg(100000);

// Two fibers merge in turns and nobody acquires: a reference count with release order.
void merge_in_turns(benchmark::State& state) {
  lane_table.reset();
  FiberClock a;
  a.start({}, 0, 1);
  FiberClock b;
  b.start(a.spawn(), 0, 2);
  Sync sync;
  for (auto _ : state) {
    for (FiberClock* fiber : {&a, &b}) {
      fiber->touched();
      fiber->merge(sync);
    }
  }
  state.SetItemsProcessed(2 * static_cast<std::int64_t>(state.iterations()));
  b.end();
  a.end();
}
BENCHMARK(merge_in_turns);

// Children on several threads take and leave lanes and share one past.
void spawn_threads(benchmark::State& state) {
  static FiberClock parents[64];
  FiberClock& parent = parents[state.thread_index()];
  parent.start({}, static_cast<unsigned>(state.thread_index()), 1);
  Sync done;
  for (auto _ : state) {
    FiberClock child;
    child.start(parent.spawn(), static_cast<unsigned>(state.thread_index()), 2);
    child.touched();
    child.release(done);
    child.end();
    parent.acquire(done);
  }
  parent.end();
}
BENCHMARK(spawn_threads)->Threads(1)->Threads(3)->UseRealTime();

}  // namespace
}  // namespace fibersan

BENCHMARK_MAIN();
