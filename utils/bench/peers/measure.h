// measure.h: what the C++ peers share: options, calibration, and how a figure is printed.
//
// Input:    <program> [--procs N] [--scheduler NAME] [--milliseconds N] [--many N]
//           [--background N] <operation>...
// Output:   a line `key value` for each figure.
#ifndef UTILS_BENCH_PEERS_MEASURE_H
#define UTILS_BENCH_PEERS_MEASURE_H

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace measure {

struct Settings {
  unsigned procs = 1;
  std::string scheduler;
  double seconds = 0.01;     // that one measurement takes at least
  int64_t many = 1'000'000;  // parked fibers, sleepers, leaves
  int64_t background = 0;    // fibers that wait while everything else is measured
  std::vector<std::string> operations;
};

inline Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      settings.operations.push_back(word);
      continue;
    }
    if (++i == argc) std::exit((std::fprintf(stderr, "%s needs a value\n", word.c_str()), 2));
    const std::string value = argv[i];
    if (word == "--procs") {
      settings.procs = static_cast<unsigned>(std::stoul(value));
    } else if (word == "--scheduler") {
      settings.scheduler = value;
    } else if (word == "--milliseconds") {
      settings.seconds = std::stod(value) / 1e3;
    } else if (word == "--many") {
      settings.many = std::stoll(value);
    } else if (word == "--background") {
      settings.background = std::stoll(value);
    } else {
      std::exit((std::fprintf(stderr, "unknown option %s\n", word.c_str()), 2));
    }
  }
  return settings;
}

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Body>
double seconds_of(Body&& body) {
  const double begin = now();
  body();
  return now() - begin;
}

constexpr int kRepeats = 6;

// Calls body(n), which does n operations, with n grown until the call takes `seconds`, then
// some times more. Returns nanoseconds for one operation of the fastest of these: each is short
// enough to have a chance not to be interrupted.
template <class Body>
double nanoseconds(double seconds, int64_t first, Body&& body) {
  int64_t n = first;
  double taken = 0;
  while ((taken = seconds_of([&] { body(n); })) < seconds) {
    const double growth = 1.2 * seconds / std::max(taken, 1e-9);
    n = static_cast<int64_t>(static_cast<double>(n) * std::clamp(growth, 1.2, 20.0));
  }
  for (int i = 1; i < kRepeats; ++i) taken = std::min(taken, seconds_of([&] { body(n); }));
  return taken / static_cast<double>(n) * 1e9;
}

inline void report(const std::string& key, double value) {
  std::printf("%s %.6g\n", key.c_str(), value);
  std::fflush(stdout);
}

// Resident memory of this process.
inline double resident_bytes() {
  long size = 0;
  long resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &size, &resident) != 2) std::abort();
  std::fclose(file);
  return static_cast<double>(resident) * 4096;
}

inline double percentile(std::vector<double>& values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

}  // namespace measure

#endif  // UTILS_BENCH_PEERS_MEASURE_H
