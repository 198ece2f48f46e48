// What timers cost: to arm and stop, with none and with many others armed; what they cost a
// program that switches and has nothing to do with them; how late many sleepers wake.
//
//   FIBER_OPTIONS=procs=3 build/utils/bench/runtime/timer_bench
//
// Input:    FIBER_OPTIONS=procs=N; Google Benchmark's options. SLEEPERS (1 000 000).
// Output:   one line for each case, ns; for the sleepers counters: created ns each, bytes each,
//           late by p50 and p99 ms.
#include <benchmark/benchmark.h>
#include <fiber/fiber.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace std::chrono_literals;
using benchmark::State;
using Clock = std::chrono::steady_clock;

// So many timers that do not fire meanwhile.
std::vector<fiber::Timer> armed(int64_t count) {
  std::vector<fiber::Timer> timers;
  for (int64_t i = 0; i < count; ++i) timers.emplace_back(1h + i * 1ms);
  return timers;
}

void timer_made_and_stopped(State& state) {
  const auto others = armed(state.range(0));
  for (auto _ : state) fiber::Timer(1s).stop();
}
BENCHMARK(timer_made_and_stopped)->ArgName("others")->Arg(0)->Arg(100'000);

void timer_reset(State& state) {
  const auto others = armed(state.range(0));
  const fiber::Timer timer(1s);
  for (auto _ : state) timer.reset(1s);
}
BENCHMARK(timer_reset)->ArgName("others")->Arg(0)->Arg(100'000);

// A time-out that does not happen.
void receive_for_in_time(State& state) {
  const auto others = armed(state.range(0));
  const fiber::Channel<int> there;
  const fiber::Channel<int> back;
  auto echo = fiber::spawn([=] {
    for (int value : there) back.send(value);
  });
  for (auto _ : state) {
    there.send(1);
    benchmark::DoNotOptimize(back.receive_for(1s));
  }
  there.close();
  echo.join();
}
BENCHMARK(receive_for_in_time)->ArgName("others")->Arg(0)->Arg(100'000)->UseRealTime();

// Two fibers yield to each other and have nothing to do with the timers that are armed.
void yield_beside_timers(State& state) {
  const auto others = armed(state.range(0));
  bool stop = false;
  auto other = fiber::spawn([&] {
    while (!*const_cast<volatile bool*>(&stop)) fiber::yield();
  });
  while (state.KeepRunningBatch(2)) fiber::yield();
  stop = true;
  other.join();
}
BENCHMARK(yield_beside_timers)->ArgName("armed")->Arg(0)->Arg(1)->Arg(100'000)->UseRealTime();

void after_func_called(State& state) {
  const fiber::Channel<int> called(1);
  for (auto _ : state) {
    fiber::after_func(0ms, [&] { called.send(1); });
    called.receive();
  }
}
BENCHMARK(after_func_called)->UseRealTime();

void context_with_timeout(State& state) {
  for (auto _ : state) fiber::with_timeout({}, 1s).cancel();
}
BENCHMARK(context_with_timeout);

void sleep_of_1ms_late(State& state) {
  for (auto _ : state) {
    const auto deadline = Clock::now() + 1ms;
    fiber::sleep_until(deadline);
    state.SetIterationTime(std::chrono::duration<double>(Clock::now() - deadline).count());
  }
}
BENCHMARK(sleep_of_1ms_late)->UseManualTime()->Iterations(300)->Unit(benchmark::kMicrosecond);

size_t resident_bytes() {
  long total = 0;
  long resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<size_t>(resident) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

// All sleep for one second from when they begin.
void sleepers(State& state) {
  const char* wish = std::getenv("SLEEPERS");
  const size_t count = wish == nullptr ? 1'000'000 : std::strtoul(wish, nullptr, 10);
  for (auto _ : state) {
    std::vector<Clock::duration> late(count);
    const size_t before = resident_bytes();
    const auto begin = Clock::now();
    fiber::WaitGroup group;
    group.add(static_cast<int32_t>(count));
    for (size_t i = 0; i < count; ++i) {
      fiber::go([&late, &group, i] {
        const auto deadline = Clock::now() + 1s;
        fiber::sleep_until(deadline);
        late[i] = Clock::now() - deadline;
        group.done();
      });
    }
    const auto created = Clock::now();
    const size_t after = resident_bytes();
    group.wait();
    const auto end = Clock::now();
    std::sort(late.begin(), late.end());
    const auto ms = [](Clock::duration d) {
      return std::chrono::duration<double, std::milli>(d).count();
    };
    state.counters["create_ns"] = ms(created - begin) * 1e6 / static_cast<double>(count);
    state.counters["bytes"] = static_cast<double>(after - before) / static_cast<double>(count);
    state.counters["p50_ms"] = ms(late[count / 2]);
    state.counters["p99_ms"] = ms(late[count / 100 * 99]);
    state.counters["all_ms"] = ms(end - begin);
  }
}
BENCHMARK(sleepers)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  return fiber::run([] { benchmark::RunSpecifiedBenchmarks(); }, {.stack_size = 1 << 18});
}
