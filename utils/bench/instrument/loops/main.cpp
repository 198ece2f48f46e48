// main.cpp: what one entry of a loop costs, in a fiber, the ways in turn.
// Prints "<type> <verb> <count> <ns plain> <ns with checks of elements> <ns with ranges>" each.
#include <fiber/run.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <vector>

#include "loops.h"

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kWays = 3;
constexpr int kAttempts = 31;
constexpr long kStarts = 16;

template <typename T>
struct Type;
template <>
struct Type<char> {
  static constexpr const char* kName = "char";
  static constexpr auto kSum = &Loops::sum_chars;
  static constexpr auto kFill = &Loops::fill_chars;
};
template <>
struct Type<int> {
  static constexpr const char* kName = "int";
  static constexpr auto kSum = &Loops::sum_ints;
  static constexpr auto kFill = &Loops::fill_ints;
};
template <>
struct Type<double> {
  static constexpr const char* kName = "double";
  static constexpr auto kSum = &Loops::sum_doubles;
  static constexpr auto kFill = &Loops::fill_doubles;
};

struct Result {
  const char* type;
  const char* verb;
  long count;
  double nanoseconds[kWays];
};
std::vector<Result> results;
std::mutex epochs;

// The compiler takes the value for used.
template <typename T>
void keep(T value) {
  asm volatile("" : : "g"(value));
}

// call(loops, round)
template <typename F>
void measure(const char* type, const char* verb, long count, F call) {
  const Loops* const ways[kWays] = {&plain_loops, &elements_loops, &range_loops};
  const long rounds = 200000 / (count + 20);
  Result result = {type, verb, count, {1e9, 1e9, 1e9}};
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    for (int way = 0; way < kWays; ++way) {
      const auto begin = Clock::now();
      for (long round = 0; round < rounds; ++round) call(*ways[way], round);
      const std::chrono::duration<double, std::nano> taken = Clock::now() - begin;
      double& best = result.nanoseconds[way];
      best = std::min(best, taken.count() / static_cast<double>(rounds));
    }
  }
  results.push_back(result);
}

// Accesses find in the shadow that the array is written, or only read, whole in this epoch.
template <typename T>
void write_all(std::vector<T>& values) {
  std::memset(values.data(), 0, values.size() * sizeof(T));
}
template <typename T>
void read_all(const std::vector<T>& values) {
  epochs.lock();
  epochs.unlock();
  std::vector<T> copy = values;
  keep(copy[copy.size() / 2]);
}

template <typename T>
void measure() {
  const char* name = Type<T>::kName;
  std::vector<T> values(4096);
  T* const start = values.data();
  for (long count : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 1024}) {
    write_all(values);
    measure(name, "write", count, [&](const Loops& loops, long round) {
      (loops.*Type<T>::kFill)(start + round % 4 * kStarts, count, T{});
    });
    // Counts that vary, and ends within cells.
    measure(name, "mixed", count, [&](const Loops& loops, long round) {
      const long some = 1 + (round * 7 + (round >> 3)) % count;
      keep((loops.*Type<T>::kSum)(start + 1 + round % 8, some));
    });
    read_all(values);
    measure(name, "read", count, [&](const Loops& loops, long round) {
      keep((loops.*Type<T>::kSum)(start + round % 4 * kStarts, count));
    });
  }
}

}  // namespace

int main() {
  return fiber::run([] {
    measure<char>();
    measure<int>();
    measure<double>();
    for (const auto& [type, verb, count, taken] : results)
      std::printf("%s %s %ld %.3f %.3f %.3f\n", type, verb, count, taken[0], taken[1], taken[2]);
  });
}
