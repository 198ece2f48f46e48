// FiberSan's plain runtime, compiled and linked as users do it: --config=fiber.cfg -O2.
#include <fiber/fiber.h>

#include <functional>
#include <map>
#include <string>

#include "measure.h"

namespace peer {

using fiber::go;
using fiber::Mutex;
using fiber::sleep_for;
using fiber::spawn;
using fiber::yield;
using Group = fiber::WaitGroup;

constexpr int64_t kCutoff = 12;

template <class F>
void run(const measure::Settings& settings, F&& function) {
  fiber::run(function, {.procs = settings.procs});
}

template <class T>
class Buffered {
 public:
  explicit Buffered(size_t capacity) : channel_(capacity) {}
  void send(T value) { channel_.send(value); }
  bool receive(T& value) {
    const std::optional<T> received = channel_.receive();
    if (received) value = *received;
    return received.has_value();
  }
  void close() { channel_.close(); }

 private:
  fiber::Channel<T> channel_;
};

template <class T>
class Unbuffered : public Buffered<T> {
 public:
  Unbuffered() : Buffered<T>(0) {}
};

// Receives from one of four channels, each fed by a fiber of its own; per value.
inline void select_over_4(int64_t n, size_t capacity) {
  fiber::Channel<int> channels[4] = {fiber::Channel<int>(capacity), fiber::Channel<int>(capacity),
                                     fiber::Channel<int>(capacity), fiber::Channel<int>(capacity)};
  fiber::WaitGroup feeders;
  for (auto& channel : channels) {
    feeders.go([=] {
      for (int64_t i = 0; i < n / 4; ++i) channel.send(1);
    });
  }
  int64_t sum = 0;
  const auto add = [&](std::optional<int> value) { sum += *value; };
  for (int64_t i = 0; i < n / 4 * 4; ++i) {
    fiber::select(fiber::on_receive(channels[0], add), fiber::on_receive(channels[1], add),
                  fiber::on_receive(channels[2], add), fiber::on_receive(channels[3], add));
  }
  feeders.wait();
}

inline void timer_arm_stop(int64_t n) {
  for (int64_t i = 0; i < n; ++i) fiber::Timer(std::chrono::hours(1)).stop();
}

// A fiber that computes and never waits; how long until the other one runs again.
inline void preempt(const measure::Settings&, const std::string& name) {
  std::vector<double> latency;
  for (int i = 0; i < 10; ++i) {
    std::atomic<bool> stop = false;
    auto busy = fiber::spawn([&] {
      while (!stop.load(std::memory_order_relaxed)) {
      }
    });
    const double begin = measure::now();
    fiber::yield();
    latency.push_back((measure::now() - begin) * 1e3);
    stop.store(true, std::memory_order_relaxed);
    busy.join();
  }
  measure::report(name, measure::percentile(latency, 0.5));
}

std::map<std::string, std::function<void(const measure::Settings&, const std::string&)>>
own_operations();

}  // namespace peer

#include "operations.h"

std::map<std::string, operations::Operation> peer::own_operations() {
  using operations::repeated;
  return {{"select_unbuffered", repeated(400, [](int64_t n) { select_over_4(n, 0); })},
          {"select_buffered", repeated(400, [](int64_t n) { select_over_4(n, 128); })},
          {"timer", repeated(1000, timer_arm_stop)},
          {"preempt", preempt}};
}
