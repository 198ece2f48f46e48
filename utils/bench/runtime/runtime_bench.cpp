// Costs of the scheduler: switch, spawn, join, sleep, park. One iteration is one operation,
// so the time column is its cost. The argument `procs` is the number of processors.
//
//   build/utils/bench/runtime/runtime_bench --benchmark_repetitions=5
//       --benchmark_report_aggregates_only=true
#include <benchmark/benchmark.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/context.h"
#include "runtime/park.h"

namespace {

using fiber::Handle;
using fiber::spawn;

unsigned procs(const benchmark::State& state) { return static_cast<unsigned>(state.range(0)); }

// The limit: a jump to another stack and back, nothing else.
void BM_JumpAndBack(benchmark::State& state) {
  alignas(16) static char stack[65536];
  fiber::internal::Context other = fiber::internal::make_context(
      stack + sizeof(stack), sizeof(stack), [](boost::context::detail::transfer_t transfer) {
        for (;;) transfer = boost::context::detail::jump_fcontext(transfer.fctx, nullptr);
      });
  for (auto _ : state) other = fiber::internal::switch_to(other, nullptr).from;
}
BENCHMARK(BM_JumpAndBack);

// `fibers` fibers yield in a circle; time for one yield.
void BM_Yield(benchmark::State& state) {
  const int fibers = static_cast<int>(state.range(1));
  fiber::run(
      [&] {
        bool stop = false;
        std::vector<Handle<void>> others;
        for (int i = 1; i < fibers; ++i) {
          others.push_back(spawn([&stop] {
            while (!*const_cast<volatile bool*>(&stop)) fiber::yield();
          }));
        }
        while (state.KeepRunningBatch(fibers)) fiber::yield();
        stop = true;
        for (auto& other : others) other.join();
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_Yield)->ArgNames({"procs", "fibers"})->ArgsProduct({{1}, {2, 1000}});

// The same on several processors: every fiber yields a fixed number of times.
void BM_YieldTogether(benchmark::State& state) {
  const int fibers = static_cast<int>(state.range(1));
  constexpr int kYields = 1000;
  fiber::run(
      [&] {
        while (state.KeepRunningBatch(int64_t{fibers} * kYields)) {
          std::vector<Handle<void>> all;
          for (int i = 0; i < fibers; ++i) {
            all.push_back(spawn([] {
              for (int k = 0; k < kYields; ++k) fiber::yield();
            }));
          }
          for (auto& one : all) one.join();
        }
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_YieldTogether)
    ->ArgNames({"procs", "fibers"})
    ->ArgsProduct({{1, 3}, {2, 1000}})
    ->UseRealTime();

void BM_SpawnJoin(benchmark::State& state) {
  fiber::run(
      [&] {
        for (auto _ : state) spawn([] {}).join();
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_SpawnJoin)->ArgName("procs")->Arg(1)->Arg(3)->UseRealTime();

void BM_SpawnBatch(benchmark::State& state) {
  constexpr int kBatch = 1000;
  fiber::run(
      [&] {
        std::vector<Handle<void>> handles;
        handles.reserve(kBatch);
        while (state.KeepRunningBatch(kBatch)) {
          for (int i = 0; i < kBatch; ++i) handles.push_back(spawn([] {}));
          for (auto& handle : handles) handle.join();
          handles.clear();
        }
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_SpawnBatch)->ArgName("procs")->Arg(1)->Arg(3)->UseRealTime();

// Two fibers park and make each other ready; time for a round trip.
void BM_ParkReady(benchmark::State& state) {
  fiber::run(
      [&] {
        fiber::internal::Fiber* main = fiber::internal::current_fiber();
        fiber::internal::Fiber* other = nullptr;
        std::atomic<bool> parked = false;
        bool stop = false;
        const auto park = [](auto after_save, void* argument) {
          fiber::internal::park({FSAN_WAIT_SEMAPHORE_ACQUIRE, nullptr, 0, false}, after_save,
                                argument);
        };
        const auto wake = [](void* fiber) {
          fiber::internal::ready(static_cast<fiber::internal::Fiber*>(fiber));
        };
        auto handle = spawn([&] {
          other = fiber::internal::current_fiber();
          // Main must have parked before it is woken, on another processor perhaps.
          park(+[](void* other) { *static_cast<std::atomic<bool>*>(other) = true; }, &parked);
          while (!stop) park(+wake, main);
        });
        while (!parked) fiber::yield();
        for (auto _ : state) park(+wake, other);
        stop = true;
        fiber::internal::ready(other);
        handle.join();
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_ParkReady)->ArgName("procs")->Arg(1)->Arg(3)->UseRealTime();

int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int parallel_fib(int n) {
  if (n <= 12) return fib(n);
  auto left = spawn(parallel_fib, n - 1);
  const int right = parallel_fib(n - 2);
  return left.join() + right;
}

void BM_ParallelFib30(benchmark::State& state) {
  fiber::run(
      [&] {
        for (auto _ : state) benchmark::DoNotOptimize(parallel_fib(30));
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_ParallelFib30)
    ->ArgName("procs")
    ->Arg(1)
    ->Arg(3)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// How late a lone sleeper wakes on an idle machine.
void BM_SleepLate(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  fiber::run(
      [&] {
        for (auto _ : state) {
          const auto deadline = Clock::now() + std::chrono::milliseconds(1);
          fiber::sleep_until(deadline);
          state.SetIterationTime(std::chrono::duration<double>(Clock::now() - deadline).count());
        }
      },
      {.procs = procs(state)});
}
BENCHMARK(BM_SleepLate)
    ->ArgName("procs")
    ->Arg(1)
    ->Arg(3)
    ->UseManualTime()
    ->Iterations(200)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
