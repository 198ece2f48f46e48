// A correct server with many connections while the detector looks for dead fibers all the time:
// nothing may be reported, nobody may stay asleep, memory may not grow.
//
//   clang++-19 --config=build/fibersan.cfg -O2 utils/bench/deadlock/soak.cpp -o soak
//   for ms in 0 50; do FIBERSAN_OPTIONS=deadlock_check_ms=$ms ./soak 9900 60; done
//
// Input:    number of connections (two descriptors each, ulimit -n), seconds.
// Output:   round trips, their median, 99th percentile and longest time, looks and their pauses,
//           resident memory after a tenth of the time and at the end. Status 1: an echo was wrong.
//           A lost wake-up is a run that does not end.
//
// Each connection is a reader that hands what it reads to a writer through a channel that only the
// two know; between two requests a client sleeps, and everybody else of its connection waits.
#include <fiber/fiber.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::array<char, 64>;

fiber::Mutex times_mutex;
std::vector<float> times;  // milliseconds
std::atomic<bool> over{false};
std::atomic<int> wrong{0};

void serve(fiber::UnixStream stream) {
  fiber::Channel<Bytes> replies;
  auto writer = fiber::spawn([&stream, replies] {
    for (const Bytes& bytes : replies) stream.write(bytes.data(), bytes.size());
  });
  Bytes bytes;
  while (stream.read_full(bytes.data(), bytes.size()) == bytes.size()) replies.send(bytes);
  replies.close();
  writer.join();
}

void ask(fiber::UnixStream stream, unsigned seed) {
  std::minstd_rand random(seed + 1);
  std::vector<float> mine;
  while (!over) {
    fiber::sleep_for(std::chrono::milliseconds(500 + random() % 1000));
    Bytes sent;
    sent.fill(static_cast<char>(random()));
    const auto begun = Clock::now();
    stream.write(sent.data(), sent.size());
    Bytes got;
    if (stream.read_full(got.data(), got.size()) != got.size() || got != sent) ++wrong;
    mine.push_back(std::chrono::duration<float, std::milli>(Clock::now() - begun).count());
  }
  const std::lock_guard guard(times_mutex);
  times.insert(times.end(), mine.begin(), mine.end());
}

long resident_mib() {
  long pages = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * sysconf(_SC_PAGESIZE) >> 20;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: soak <connections> <seconds>\n");
    return 1;
  }
  const int connections = std::atoi(argv[1]);
  const auto time = std::chrono::seconds(std::atoi(argv[2]));
  fiber::run([=] {
    fiber::WaitGroup all;
    for (int i = 0; i < connections; ++i) {
      auto [server, client] = fiber::UnixStream::pair();
      all.go([server = std::move(server)]() mutable { serve(std::move(server)); });
      all.go([client = std::move(client), i]() mutable {
        ask(std::move(client), static_cast<unsigned>(i));
      });
    }
    fiber::sleep_for(time / 10);
    const long before = resident_mib();
    fiber::sleep_for(time - time / 10);
    const long after = resident_mib();
    over = true;
    all.wait();
    std::sort(times.begin(), times.end());
    const fiber::Stats stats = fiber::stats();
    const double pauses = static_cast<double>(stats.deadlock_pause.sum_nanoseconds) / 1e6;
    std::printf(
        "%zu round trips: median %.2f ms, 99 %% %.2f ms, longest %.1f ms; %llu looks (%llu "
        "copied, %llu given up), %.2f ms pause on average; %ld MiB, then %ld MiB\n",
        times.size(), static_cast<double>(times[times.size() / 2]),
        static_cast<double>(times[times.size() * 99 / 100]), static_cast<double>(times.back()),
        static_cast<unsigned long long>(stats.deadlock_checks),
        static_cast<unsigned long long>(stats.deadlock_checks_copied),
        static_cast<unsigned long long>(stats.deadlock_checks_given_up),
        stats.deadlock_pause.count == 0 ? 0
                                        : pauses / static_cast<double>(stats.deadlock_pause.count),
        before, after);
  });
  return wrong == 0 ? 0 : 1;
}
