// What events cost behind the hooks: ninja bench_events && build/tests/unit/bench_events
//
// Without a runtime: the program says which fiber runs. Figures of threads are per operation of
// one thread, so flat is perfect scaling.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "detector/abi/hooks.h"
#include "detector/deadlock/lock_cycle.h"
#include "detector/heap/allocate.h"
#include "detector/history/history.h"
#include "detector/process/options.h"
#include "detector/race/blocks.h"
#include "detector/race/race_found.h"
#include "detector/race/thread.h"
#include "detector/shadow/layout.h"

namespace fibersan {

void report_races(const CurrentAccess&, const Races&) {}
void report_lock_cycles(LockCycle*) {}
void stop_heap_tracking() {}
void fiber_blocks(const fsan_fiber&) {}
bool unlock_is_told_of() { return false; }
void report_slow(fsan_finding_kind, const void*, const fsan_fiber&, StackId, uint64_t) {}
Options options;
void report_misuse_at(fsan_finding_kind, const void*, const fsan_fiber&, StackId) {}

namespace {

constexpr size_t kStackSize = 16384;
std::atomic<uint64_t> next_id{1};

fsan_fiber* create(char* stack) {
  return __fsan_fiber_created(next_id.fetch_add(1, std::memory_order_relaxed), nullptr, stack,
                              stack + kStackSize, stack + kStackSize, nullptr);
}

// The calling thread as a worker that runs one fiber.
class Worker {
 public:
  Worker() {
    static std::atomic<unsigned> workers{0};
    is_first_ = workers.load() == 0;
    index_ = workers.fetch_add(1) % 1024;
    __fsan_processor_acquired(index_);
    fiber_ = create(stack_.get());
    __fsan_fiber_switched_in(fiber_);
  }
  ~Worker() {
    __fsan_fiber_switched_out(fiber_);
    __fsan_fiber_ended(fiber_);
    __fsan_processor_released(index_);
  }
  fsan_fiber* fiber() { return fiber_; }
  char* stack() { return stack_.get(); }

 private:
  std::unique_ptr<char[]> stack_{new char[kStackSize]};
  bool is_first_;
  unsigned index_;
  fsan_fiber* fiber_;
};

alignas(4096) char places[64 << 20];
// Like objects of a heap: 64 bytes apart.
void* place(size_t i) { return places + i * 64; }
size_t scattered(size_t i, size_t count) { return (i * 0x9e3779b97f4a7c15u >> 20) % count; }

void release_clean(benchmark::State& state) {
  Worker worker;
  for (auto _ : state) __fsan_release(place(0));
}
BENCHMARK(release_clean);

void release_dirty(benchmark::State& state) {
  Worker worker;
  for (auto _ : state) {
    worker.fiber()->clock.touched();
    __fsan_release(place(0));
  }
}
BENCHMARK(release_dirty);

void acquire_known(benchmark::State& state) {
  Worker worker;
  __fsan_release(place(0));
  for (auto _ : state) __fsan_acquire(place(0));
}
BENCHMARK(acquire_known);

// Of so many Syncs, one after the other in no order.
void release_of_many(benchmark::State& state) {
  Worker worker;
  const auto count = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < count; ++i) __fsan_release(place(i));
  size_t i = 0;
  for (auto _ : state) __fsan_release(place(scattered(++i, count)));
  __fsan_memory_forgotten(places, sizeof places);
}
BENCHMARK(release_of_many)->Arg(1)->Arg(1000)->Arg(100000)->Arg(1000000);

void acquire_of_many(benchmark::State& state) {
  Worker worker;
  const auto count = static_cast<size_t>(state.range(0));
  for (size_t i = 0; i < count; ++i) __fsan_release(place(i));
  size_t i = 0;
  for (auto _ : state) __fsan_acquire(place(scattered(++i, count)));
  __fsan_memory_forgotten(places, sizeof places);
}
BENCHMARK(acquire_of_many)->Arg(1)->Arg(1000)->Arg(100000)->Arg(1000000);

// A Sync that is new each time and then forgotten, as of a parked fiber.
void release_and_forget(benchmark::State& state) {
  Worker worker;
  size_t i = 0;
  for (auto _ : state) {
    __fsan_release(place(++i % 4096));
    __fsan_object_destroyed(place(i % 4096), 8);
  }
}
BENCHMARK(release_and_forget);

void mutex(benchmark::State& state) {
  Worker worker;
  for (auto _ : state) {
    __fsan_lock_acquired(place(0), FSAN_LOCK_WRITE);
    __fsan_lock_released(place(0), FSAN_LOCK_WRITE);
  }
}
BENCHMARK(mutex);

void switch_out_and_in(benchmark::State& state) {
  Worker worker;
  for (auto _ : state) {
    __fsan_fiber_switched_out(worker.fiber());
    __fsan_fiber_switched_in(worker.fiber());
  }
}
BENCHMARK(switch_out_and_in);

// With a release after its last access and a join: the whole of detector work for a child.
void spawn_run_end(benchmark::State& state) {
  Worker worker;
  std::unique_ptr<char[]> stack(new char[kStackSize]);
  for (auto _ : state) {
    fsan_fiber* child = create(stack.get());
    __fsan_fiber_switched_out(worker.fiber());
    __fsan_fiber_switched_in(child);
    __fsan_release(place(7));
    __fsan_fiber_switched_out(child);
    __fsan_fiber_ended(child);
    __fsan_fiber_switched_in(worker.fiber());
    __fsan_acquire(place(7));
  }
}
BENCHMARK(spawn_run_end)->Threads(1)->Threads(3)->UseRealTime();

// The same in the creator's name only.
void spawn(benchmark::State& state) {
  Worker worker;
  std::vector<fsan_fiber*> children(512);
  std::unique_ptr<char[]> stack(new char[kStackSize]);
  for (auto _ : state) {
    for (fsan_fiber*& child : children) child = create(stack.get());
    state.PauseTiming();
    __fsan_fiber_switched_out(worker.fiber());
    for (fsan_fiber* child : children) __fsan_fiber_ended(child);
    __fsan_fiber_switched_in(worker.fiber());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * 512);
}
BENCHMARK(spawn);

template <unsigned kOrder>
void atomic_add(benchmark::State& state) {
  Worker worker;
  void* at = place(state.range(0) == 0 ? 9 : 1000 + 64 * static_cast<size_t>(state.thread_index()));
  for (auto _ : state) __fsan_atomic64_rmw(at, 1, FSAN_RMW_ADD, kOrder, 1);
}
BENCHMARK(atomic_add<__ATOMIC_RELAXED>)->Arg(0)->Threads(1)->UseRealTime();
BENCHMARK(atomic_add<__ATOMIC_ACQ_REL>)->Arg(0)->Threads(1)->Threads(3)->UseRealTime();
BENCHMARK(atomic_add<__ATOMIC_ACQ_REL>)->Arg(1)->Threads(3)->UseRealTime();

template <unsigned kOrder>
void atomic_load(benchmark::State& state) {
  Worker worker;
  if (state.thread_index() == 0) __fsan_atomic64_store(place(10), 1, __ATOMIC_RELEASE, 1);
  for (auto _ : state) __fsan_atomic64_load(place(10), kOrder, 1);
}
BENCHMARK(atomic_load<__ATOMIC_RELAXED>)->Threads(1)->Threads(3)->UseRealTime();
BENCHMARK(atomic_load<__ATOMIC_ACQUIRE>)->Threads(1)->Threads(3)->UseRealTime();

void atomic_store_release(benchmark::State& state) {
  Worker worker;
  for (auto _ : state) __fsan_atomic64_store(place(11), 1, __ATOMIC_RELEASE, 1);
}
BENCHMARK(atomic_store_release);

}  // namespace
}  // namespace fibersan

extern "C" void __fsan_misuse(enum fsan_finding_kind, const void*) {}

int main(int argc, char** argv) {
  constexpr uintptr_t kStack = 1 << 16;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  fibersan::reserve_shadow();
  fibersan::start_history(1 << 16);
  fibersan::start_main_thread({here - kStack, here + kStack});
  __fsan_run_started(3, 1);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
