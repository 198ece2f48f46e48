// What single events cost, in nanoseconds: accesses, synchronisation, fibers. Built plain and with
// the detector by the script compare beside it.
//
// Usage:    events [--live=N] [operation...]
//           N fibers that touched memory of all of them are parked meanwhile.
// Output:   a line "<operation> <nanoseconds>" for each; the best of five rounds of 20 ms or more:
// of
//           CPU time on one processor, which other work of the machine does not count in.
#include <fiber/fiber.h>

#include <time.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace {

double now() {
  timespec time;
  clock_gettime(fiber::processors() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

constexpr size_t kWords = 4096;
long words[kWords];
fiber::Mutex mutex;
std::atomic<long> counter{0};

// The index is hidden: each access has a check of its own, which no check of a range stands for.
size_t hidden(size_t index) {
  asm volatile("" : "+r"(index));
  return index;
}

__attribute__((noinline)) long read_words() {
  long sum = 0;
  for (size_t i = 0; i < kWords; ++i) {
    sum += words[hidden(i)];
    asm volatile("" : "+r"(sum));  // it is used
  }
  return sum;
}

__attribute__((noinline)) void write_words() {
  for (size_t i = 0; i < kWords; ++i) words[hidden(i)] = static_cast<long>(i);
}

// A release: every access after it is the first of its epoch and misses.
void new_epoch() {
  words[0] = 1;
  mutex.lock();
  mutex.unlock();
}

struct Operation {
  const char* name;
  std::function<long()> round;  // how many were done
};

long join_children(long count) {
  for (long i = 0; i < count; ++i) fiber::spawn([] {}).join();
  return count;
}

long batch_of_children(long count) {
  fiber::WaitGroup group;
  for (long i = 0; i < count; ++i) group.go([] {});
  group.wait();
  return count;
}

long switches(long count) {
  fiber::WaitGroup group;
  for (int i = 0; i < 2; ++i) {
    group.go([count] {
      for (long turn = 0; turn < count; ++turn) fiber::yield();
    });
  }
  group.wait();
  return 2 * count;
}

long round_trips(long count) {
  fiber::Channel<int> there, back;
  fiber::WaitGroup group;
  group.go([&, count] {
    for (long i = 0; i < count; ++i) back.send(*there.receive());
  });
  for (long i = 0; i < count; ++i) {
    there.send(1);
    back.receive();
  }
  group.wait();
  return count;
}

long buffered(long count) {
  fiber::Channel<int> channel(128);
  fiber::WaitGroup group;
  group.go([&, count] {
    for (long i = 0; i < count; ++i) channel.receive();
  });
  for (long i = 0; i < count; ++i) channel.send(1);
  group.wait();
  return count;
}

template <typename Step>
long repeat(long count, Step step) {
  for (long i = 0; i < count; ++i) step();
  return count;
}

// A release between, so that what misses misses again; it is one in 4096.
template <typename Access>
long in_new_epoch(Access access) {
  new_epoch();
  access();
  return kWords;
}

const Operation operations[] = {
    {"read, covered", [] { return read_words(), static_cast<long>(kWords); }},
    {"write, covered", [] { return write_words(), static_cast<long>(kWords); }},
    {"read, first of its epoch", [] { return in_new_epoch(read_words); }},
    {"write, first of its epoch", [] { return in_new_epoch(write_words); }},
    {"mutex lock + unlock", [] { return repeat(1000, [] { mutex.lock(), mutex.unlock(); }); }},
    {"mutex, write inside",
     [] { return repeat(1000, [] { mutex.lock(), words[1] += 1, mutex.unlock(); }); }},
    {"atomic add, relaxed",
     [] { return repeat(1000, [] { counter.fetch_add(1, std::memory_order_relaxed); }); }},
    {"atomic load, acquire",
     [] { return repeat(1000, [] { (void)counter.load(std::memory_order_acquire); }); }},
    {"atomic store, release",
     [] { return repeat(1000, [] { counter.store(1, std::memory_order_release); }); }},
    {"malloc + free of 64 bytes",
     [] {
       return repeat(1000, [] {
         void* block = std::malloc(64);
         asm volatile("" ::"r"(block) : "memory");
         std::free(block);
       });
     }},
    {"spawn + join", [] { return join_children(200); }},
    {"spawn in a batch", [] { return batch_of_children(1000); }},
    {"yield", [] { return switches(1000); }},
    {"channel round trip", [] { return round_trips(500); }},
    {"channel of 128", [] { return buffered(2000); }},
};

double nanoseconds(const Operation& operation) {
  double best = 1e300;
  for (int round = 0; round < 5; ++round) {
    const double start = now();
    long count = 0;
    double passed = 0;
    do {
      count += operation.round();
      passed = now() - start;
    } while (passed < 20e6);
    best = std::min(best, passed / static_cast<double>(count));
  }
  return best;
}

// Each has written a word of its own and read one that all read.
struct Parked {
  explicit Parked(long count) : touched(static_cast<size_t>(count)) {
    for (long i = 0; i < count; ++i) {
      group.go([this, i] {
        touched[static_cast<size_t>(i)] = static_cast<char>(i);
        seen.fetch_add(everybody_reads, std::memory_order_relaxed);
        gate.receive();
      });
      if (i % 1000 == 999) fiber::yield();
    }
    while (seen.load(std::memory_order_relaxed) != count) fiber::yield();
  }
  ~Parked() {
    gate.close();
    group.wait();
  }
  std::vector<char> touched;
  long everybody_reads = 1;
  std::atomic<long> seen{0};
  fiber::Channel<int> gate;
  fiber::WaitGroup group;
};

}  // namespace

int main(int count, char** arguments) {
  long live = 0;
  std::vector<std::string> wanted;
  for (int i = 1; i < count; ++i) {
    if (std::strncmp(arguments[i], "--live=", 7) == 0) {
      live = std::atol(arguments[i] + 7);
    } else {
      wanted.emplace_back(arguments[i]);
    }
  }
  return fiber::run([&] {
    Parked parked(live);
    for (const Operation& operation : operations) {
      bool is_wanted = wanted.empty();
      for (const std::string& name : wanted) is_wanted |= name == operation.name;
      if (is_wanted) std::printf("%s %.2f\n", operation.name, nanoseconds(operation));
    }
  });
}
