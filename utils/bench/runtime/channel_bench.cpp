// What channels, select and mutexes cost, in nanoseconds for each operation named.
//
// Input:    FIBER_OPTIONS=procs=N; Google Benchmark's options.
// Output:   one line for each case; compare with the same case of a peer in the same
//           session on the same machine, never with figures from elsewhere.
#include <benchmark/benchmark.h>
#include <fiber/fiber.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

using benchmark::State;

// One value there and one back.
void unbuffered_round_trip(State& state) {
  fiber::Channel<int> there;
  fiber::Channel<int> back;
  auto echo = fiber::spawn([there, back] {
    for (int value : there) back.send(value);
  });
  int value = 0;
  for (auto _ : state) {
    there.send(value);
    value = *back.receive();
  }
  there.close();
  echo.join();
}
BENCHMARK(unbuffered_round_trip)->UseRealTime();

// One fiber sends, another receives; per value.
template <class T>
void one_to_one(State& state, T value) {
  fiber::Channel<T> channel(static_cast<size_t>(state.range(0)));
  auto drain = fiber::spawn([channel] {
    for (T& received : channel) benchmark::DoNotOptimize(received);
  });
  for (auto _ : state) channel.send(value);
  channel.close();
  drain.join();
}
BENCHMARK_CAPTURE(one_to_one, int, 1)->Arg(128)->UseRealTime();
BENCHMARK_CAPTURE(one_to_one, string, std::string(40, 'x'))->Arg(128)->UseRealTime();

// No partner is ever waited for: the cost of the operations alone. Per pair.
void send_and_receive_alone(State& state) {
  fiber::Channel<int> channel(128);
  for (auto _ : state) {
    channel.send(1);
    benchmark::DoNotOptimize(channel.receive());
  }
}
BENCHMARK(send_and_receive_alone)->UseRealTime();

// Four fibers send, four receive, through one buffer; per value.
void many_to_many(State& state) {
  constexpr int kBatch = 1000;
  fiber::Channel<int> channel(128);
  fiber::Channel<int> begin(4);
  fiber::WaitGroup batch;
  fiber::WaitGroup all;
  for (int i = 0; i < 4; ++i) {
    all.go([&] {
      for (int count : begin) {
        for (int j = 0; j < count; ++j) channel.send(j);
        batch.done();
      }
    });
    all.go([&] {
      for (int value : channel) benchmark::DoNotOptimize(value);
    });
  }
  for (auto _ : state) {
    batch.add(4);
    for (int i = 0; i < 4; ++i) begin.send(kBatch / 4);
    batch.wait();
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
  begin.close();
  channel.close();
  all.wait();
}
BENCHMARK(many_to_many)->UseRealTime();

void mutex_alone(State& state) {
  fiber::Mutex mutex;
  for (auto _ : state) {
    mutex.lock();
    mutex.unlock();
  }
}
BENCHMARK(mutex_alone)->UseRealTime();

void rw_mutex_read_alone(State& state) {
  fiber::RwMutex mutex;
  for (auto _ : state) {
    mutex.lock_shared();
    mutex.unlock_shared();
  }
}
BENCHMARK(rw_mutex_read_alone)->UseRealTime();

// So many fibers take one mutex again and again; per lock and unlock.
void mutex_contended(State& state) {
  const auto fibers = static_cast<int>(state.range(0));
  constexpr int kBatch = 30'000;
  fiber::Mutex mutex;
  int64_t sum = 0;
  for (auto _ : state) {
    fiber::WaitGroup group;
    for (int i = 0; i < fibers; ++i) {
      group.go([&] {
        for (int j = 0; j < kBatch / fibers; ++j) {
          std::scoped_lock lock(mutex);
          ++sum;
        }
      });
    }
    group.wait();
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * (kBatch / fibers) * fibers);
}
BENCHMARK(mutex_contended)->Arg(3)->Arg(100)->UseRealTime();

// Receives from one of four channels, each fed by a fiber of its own; per value.
void select_over_4(State& state) {
  std::vector<fiber::Channel<int>> channels;
  fiber::WaitGroup feeders;
  fiber::Channel<int> stop;
  for (int i = 0; i < 4; ++i) {
    channels.emplace_back(static_cast<size_t>(state.range(0)));
    feeders.go([stop, channel = channels.back()] {
      bool going = true;
      while (going) {
        fiber::select(fiber::on_send(channel, 1),
                      fiber::on_receive(stop, [&](std::optional<int>) { going = false; }));
      }
    });
  }
  int64_t sum = 0;
  const auto add = [&](std::optional<int> value) { sum += *value; };
  for (auto _ : state) {
    fiber::select(fiber::on_receive(channels[0], add), fiber::on_receive(channels[1], add),
                  fiber::on_receive(channels[2], add), fiber::on_receive(channels[3], add));
  }
  stop.close();
  feeders.wait();
}
BENCHMARK(select_over_4)->Arg(0)->Arg(128)->UseRealTime();

// A value that goes round four fibers; per hand-off.
void ring_of_4(State& state) {
  std::vector<fiber::Channel<int>> ring(4);
  fiber::WaitGroup group;
  for (size_t i = 0; i < 3; ++i) {
    group.go([from = ring[i], to = ring[i + 1]] {
      for (int value : from) to.send(value);
      to.close();
    });
  }
  for (auto _ : state) {
    ring[0].send(1);
    benchmark::DoNotOptimize(ring[3].receive());
  }
  state.SetItemsProcessed(state.iterations() * 4);
  ring[0].close();
  group.wait();
}
BENCHMARK(ring_of_4)->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  return fiber::run([] { benchmark::RunSpecifiedBenchmarks(); }, {.stack_size = 1 << 20});
}
