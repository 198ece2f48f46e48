// operations.h: the operations, once for all C++ peers, and main().
//
// Input:    a namespace `peer`, defined before this file is included:
//             run(settings, f), spawn(f) -> Task with join(), go(f), yield(), sleep_for(d),
//             Group with go(f) and wait(), Mutex,
//             Unbuffered<T>, Buffered<T>(capacity) with send(v), receive(v&), close(),
//             kCutoff, and own_operations(): what only this peer has.
// Invariant O1: main.go does the same, line by line; whoever changes one changes the other.
#ifndef UTILS_BENCH_PEERS_OPERATIONS_H
#define UTILS_BENCH_PEERS_OPERATIONS_H

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "measure.h"

namespace operations {

using measure::Settings;
using Operation = std::function<void(const Settings&, const std::string& name)>;

// An operation of which many are done in a row: body(n) does n of them.
template <class Body>
Operation repeated(int64_t first, Body body) {
  return [=](const Settings& settings, const std::string& name) {
    measure::report(name, measure::nanoseconds(settings.seconds, first, body));
  };
}

// A program measured as a whole, in milliseconds; what is short again and the best of it.
template <class Body>
Operation whole(Body body) {
  return [=](const Settings& settings, const std::string& name) {
    constexpr double kLong = 0.4;
    double best = 1e9;
    for (double spent = 0; spent < kLong;) {
      const double taken = measure::seconds_of([&] { body(settings); });
      best = std::min(best, taken);
      spent += taken;
    }
    measure::report(name, best * 1e3);
  };
}

inline void yields(int64_t n, int64_t fibers) {
  peer::Group group;
  for (int64_t i = 0; i < fibers; ++i) {
    group.go([=] {
      for (int64_t k = 0; k < n / fibers; ++k) peer::yield();
    });
  }
  group.wait();
}

inline void spawn_join(int64_t n) {
  for (int64_t i = 0; i < n; ++i) peer::spawn([] {}).join();
}

inline void spawn_batch(int64_t n) {
  constexpr int64_t kBatch = 1000;
  for (int64_t done = 0; done < n; done += kBatch) {
    peer::Group group;
    for (int64_t i = 0; i < kBatch; ++i) group.go([] {});
    group.wait();
  }
}

inline void round_trip(int64_t n) {
  peer::Unbuffered<int> there;
  peer::Unbuffered<int> back;
  auto echo = peer::spawn([&] {
    for (int value = 0; there.receive(value);) back.send(value);
  });
  int value = 0;
  for (int64_t i = 0; i < n; ++i) {
    there.send(1);
    back.receive(value);
  }
  there.close();
  echo.join();
}

// `pairs` fibers send and as many receive through one buffer of 128; per value.
inline void through_buffer(int64_t n, int pairs) {
  peer::Buffered<int> channel(128);
  peer::Group senders;
  peer::Group receivers;
  for (int i = 0; i < pairs; ++i) {
    receivers.go([&] {
      for (int value = 0; channel.receive(value);) {
      }
    });
    senders.go([&] {
      for (int64_t k = 0; k < n / pairs; ++k) channel.send(1);
    });
  }
  senders.wait();
  channel.close();
  receivers.wait();
}

inline void mutex_alone(int64_t n) {
  peer::Mutex mutex;
  for (int64_t i = 0; i < n; ++i) {
    mutex.lock();
    mutex.unlock();
  }
}

inline void mutex_contended(int64_t n, int64_t fibers) {
  peer::Mutex mutex;
  int64_t sum = 0;
  peer::Group group;
  for (int64_t i = 0; i < fibers; ++i) {
    group.go([&] {
      for (int64_t k = 0; k < n / fibers; ++k) {
        std::scoped_lock lock(mutex);
        ++sum;
      }
    });
  }
  group.wait();
}

// A value goes round four fibers; per hand-off.
inline void ring(int64_t n) {
  std::deque<peer::Unbuffered<int>> channels(4);
  peer::Group group;
  for (size_t i = 0; i < 3; ++i) {
    group.go([&from = channels[i], &to = channels[i + 1]] {
      for (int value = 0; from.receive(value);) to.send(value);
      to.close();
    });
  }
  int value = 0;
  for (int64_t i = 0; i < n; i += 4) {
    channels[0].send(1);
    channels[3].receive(value);
  }
  channels[0].close();
  group.wait();
}

inline int64_t serial_fib(int64_t n) { return n < 2 ? n : serial_fib(n - 1) + serial_fib(n - 2); }

inline int64_t fib(int64_t n) {
  if (n <= peer::kCutoff) return serial_fib(n);
  int64_t left = 0;
  auto task = peer::spawn([&left, n] { left = fib(n - 1); });
  const int64_t right = fib(n - 2);
  task.join();
  return left + right;
}

inline void fib35(const Settings&) {
  if (fib(35) != 9'227'465) std::abort();
}

using Sums = peer::Unbuffered<int64_t>;

inline void skynet_node(const std::shared_ptr<Sums>& up, int64_t number, int64_t leaves) {
  if (leaves == 1) {
    up->send(number);
    return;
  }
  auto sums = std::make_shared<Sums>();
  for (int64_t i = 0; i < 10; ++i) {
    peer::go([=] { skynet_node(sums, number + i * (leaves / 10), leaves / 10); });
  }
  int64_t sum = 0;
  for (int64_t i = 0, one = 0; i < 10; ++i, sum += one) sums->receive(one);
  up->send(sum);
}

inline void skynet(const Settings& settings) {
  auto result = std::make_shared<Sums>();
  const int64_t leaves = settings.many;
  peer::go([=] { skynet_node(result, 0, leaves); });
  int64_t sum = 0;
  result->receive(sum);
  if (sum != leaves * (leaves - 1) / 2) std::abort();
}

// Fibers that wait until the channel is closed.
class Parked {
 public:
  explicit Parked(int64_t count) : missing_(count) {
    for (int64_t i = 0; i < count; ++i) {
      group_.go([this] {
        missing_.fetch_sub(1, std::memory_order_relaxed);
        int value = 0;
        gate_.receive(value);
      });
    }
    while (missing_.load(std::memory_order_relaxed) != 0) peer::yield();
  }
  void end() {
    gate_.close();
    group_.wait();
  }

 private:
  std::atomic<int64_t> missing_;
  peer::Unbuffered<int> gate_;
  peer::Group group_;
};

inline void parked(const Settings& settings, const std::string& name) {
  const auto count = static_cast<double>(settings.many);
  const double memory = measure::resident_bytes();
  const double begin = measure::now();
  Parked fibers(settings.many);
  measure::report(name + "_create", (measure::now() - begin) / count * 1e9);
  measure::report(name + "_bytes", (measure::resident_bytes() - memory) / count);
  measure::report(name + "_wake", measure::seconds_of([&] { fibers.end(); }) / count * 1e9);
}

// Each sleeps one second from when it runs; how late it is back.
inline void sleepers(const Settings& settings, const std::string& name) {
  std::vector<double> late(static_cast<size_t>(settings.many));
  peer::Group group;
  for (double& mine : late) {
    group.go([&mine] {
      const double begin = measure::now();
      peer::sleep_for(std::chrono::seconds(1));
      mine = (measure::now() - begin - 1) * 1e3;
    });
  }
  group.wait();
  measure::report(name + "_p50", measure::percentile(late, 0.5));
  measure::report(name + "_p99", measure::percentile(late, 0.99));
}

inline std::map<std::string, Operation> all() {
  std::map<std::string, Operation> table = {
      {"yield_2", repeated(1000, [](int64_t n) { yields(n, 2); })},
      {"yield_1000", repeated(10'000, [](int64_t n) { yields(n, 1000); })},
      {"spawn_join", repeated(100, spawn_join)},
      {"spawn_batch", repeated(1000, spawn_batch)},
      {"round_trip", repeated(100, round_trip)},
      {"one_to_one", repeated(1000, [](int64_t n) { through_buffer(n, 1); })},
      {"many_to_many", repeated(1000, [](int64_t n) { through_buffer(n, 4); })},
      {"mutex_alone", repeated(1000, mutex_alone)},
      {"mutex_3", repeated(1000, [](int64_t n) { mutex_contended(n, 3); })},
      {"mutex_100", repeated(10'000, [](int64_t n) { mutex_contended(n, 100); })},
      {"ring", repeated(400, ring)},
      {"fib", whole(fib35)},
      {"skynet", whole(skynet)},
      {"parked", parked},
      {"sleepers", sleepers},
  };
  table.merge(peer::own_operations());
  return table;
}

inline void run_all(const Settings& settings) {
  const std::map<std::string, Operation> table = all();
  if (settings.background != 0) static_cast<void>(new Parked(settings.background));  // for ever
  for (const std::string& name : settings.operations) {
    const auto found = table.find(name);
    if (found == table.end())
      std::exit((std::fprintf(stderr, "no operation %s\n", name.c_str()), 2));
    found->second(settings, name);
  }
  std::_Exit(0);  // what waits still is not worth a tidy end
}

}  // namespace operations

int main(int argc, char** argv) {
  const measure::Settings settings = measure::parse(argc, argv);
  peer::run(settings, [&] { operations::run_all(settings); });
}

#endif  // UTILS_BENCH_PEERS_OPERATIONS_H
