// stats() and its Prometheus text, read back by a strict parser of the exposition format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fiber/debug.h"
#include "fiber/fiber.h"

namespace fiber {
namespace {

using namespace std::chrono_literals;

// One metric family as the format defines it: HELP, TYPE, then its samples and nothing else.
struct Family {
  std::string type;
  struct Sample {
    std::string suffix;  // behind the family's name
    std::string le;      // of a bucket
    double value;
  };
  std::vector<Sample> samples;
};

// Fails the test at whatever the text format 0.0.4 does not allow.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::map<std::string, Family> parse() {
    std::map<std::string, Family> families;
    while (!rest_.empty() && !testing::Test::HasFailure()) {
      const std::string name = header("# HELP ");
      take_until('\n');
      EXPECT_EQ(header("# TYPE "), name);
      Family& family = families[name];
      EXPECT_TRUE(family.type.empty()) << name << " comes twice";
      family.type = take_until('\n');
      while (!rest_.empty() && rest_[0] != '#') family.samples.push_back(sample(name));
      EXPECT_FALSE(family.samples.empty()) << name;
    }
    return families;
  }

 private:
  std::string take_until(char end) {
    const size_t at = rest_.find(end);
    EXPECT_NE(at, std::string_view::npos) << "the last line has no end: " << rest_;
    std::string taken(rest_.substr(0, at));
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return taken;
  }
  std::string header(std::string_view keyword) {
    EXPECT_TRUE(rest_.starts_with(keyword)) << rest_.substr(0, 80);
    rest_.remove_prefix(std::min(keyword.size(), rest_.size()));
    return check_name(take_until(' '));
  }
  static std::string check_name(std::string name) {
    EXPECT_FALSE(name.empty() || std::isdigit(static_cast<unsigned char>(name[0])));
    for (const char c : name)
      EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ':') << name;
    return name;
  }
  Family::Sample sample(const std::string& family) {
    std::string line = take_until('\n');
    const size_t space = line.find(' ');
    EXPECT_NE(space, std::string::npos) << line;
    const std::string number = line.substr(space + 1);
    size_t used = 0;
    Family::Sample sample{"", "", std::stod(number, &used)};
    EXPECT_EQ(used, number.size()) << line;
    std::string name = line.substr(0, space);
    if (const size_t brace = name.find('{'); brace != std::string::npos) {
      EXPECT_TRUE(name.substr(brace).starts_with("{le=\"") && name.ends_with("\"}")) << line;
      sample.le = name.substr(brace + 5, name.size() - brace - 7);
      name.resize(brace);
    }
    EXPECT_TRUE(check_name(name).starts_with(family)) << line;
    sample.suffix = name.substr(std::min(family.size(), name.size()));
    return sample;
  }

  std::string_view rest_;
};

// Buckets that grow, in bounds and counts, up to +Inf, which is the count; a sum.
void check_histogram(const Family& family) {
  ASSERT_EQ(family.samples.size(), Histogram::kBuckets + 2);
  double bound = 0;
  double below = 0;
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    const Family::Sample& bucket = family.samples[i];
    EXPECT_EQ(bucket.suffix, "_bucket");
    const double le = bucket.le == "+Inf" ? INFINITY : std::stod(bucket.le);
    EXPECT_GT(le, bound);
    EXPECT_GE(bucket.value, below);
    bound = le;
    below = bucket.value;
  }
  EXPECT_EQ(bound, INFINITY);
  EXPECT_EQ(family.samples[Histogram::kBuckets].suffix, "_sum");
  EXPECT_EQ(family.samples[Histogram::kBuckets + 1].suffix, "_count");
  EXPECT_EQ(family.samples[Histogram::kBuckets + 1].value, below);
}

TEST(Prometheus, TheTextIsWellFormedAndSaysWhatStatsSays) {
  std::string text;
  Stats stats;
  run([&] {
    for (int i = 0; i < 1000; ++i) spawn([] {}).join();
    while (fiber::stats().fibers_live > 1) yield();  // the last one, after its join
    stats = fiber::stats();
    text = stats_prometheus();
  });
  const std::map<std::string, Family> families = Parser(text).parse();
  for (const auto& [name, family] : families) {
    SCOPED_TRACE(name);
    EXPECT_THAT(name, testing::StartsWith("fiber_"));
    if (family.type == "histogram") {
      EXPECT_THAT(name, testing::EndsWith("_seconds"));
      check_histogram(family);
      continue;
    }
    ASSERT_EQ(family.samples.size(), 1u);
    EXPECT_EQ(family.samples[0].suffix, "");
    EXPECT_EQ(family.type == "counter", name.ends_with("_total"));
    EXPECT_TRUE(family.type == "counter" || family.type == "gauge");
  }
  ASSERT_TRUE(families.contains("fiber_created_total"));
  EXPECT_EQ(families.at("fiber_created_total").samples[0].value,
            static_cast<double>(stats.fibers_created));
  EXPECT_EQ(families.at("fiber_live").samples[0].value, 1);
  EXPECT_EQ(families.at("fiber_lifetime_seconds").samples.back().value,
            static_cast<double>(stats.lifetime.count));
  EXPECT_TRUE(families.contains("fiber_run_queue_delay_seconds"));
}

TEST(Stats, LiveFibersByState) {
  const Stats before = stats();
  EXPECT_EQ(before.fibers_live, 0u);
  run(
      [&] {
        Channel<int> channel;
        for (int i = 0; i < 5; ++i) go([channel] { channel.receive(); });
        yield();
        yield();
        for (int i = 0; i < 3; ++i) go([] {});
        const Stats now = stats();
        EXPECT_EQ(now.fibers_created - before.fibers_created, 9u);
        EXPECT_EQ(now.fibers_live, 9u);
        EXPECT_EQ(now.fibers_waiting, 5u);
        EXPECT_EQ(now.fibers_runnable, 3u);
        EXPECT_EQ(now.fibers_running, 1u);
        EXPECT_EQ(now.parks - before.parks, 5u);
        EXPECT_EQ(now.yields - before.yields, 2u);
        EXPECT_EQ(now.processors, 1u);
        EXPECT_EQ(now.processors_idle, 0u);
        EXPECT_EQ(now.threads, 1u);
        channel.close();
        while (stats().fibers_live > 1) yield();
        EXPECT_EQ(stats().fibers_ended - before.fibers_ended, 8u);
      },
      {.procs = 1});
}

TEST(Stats, TimersThatAreArmed) {
  EXPECT_EQ(stats().timers_armed, 0u);
  run(
      [] {
        EXPECT_EQ(stats().timers_armed, 0u);
        for (int i = 0; i < 5; ++i) go([] { sleep_for(1h); });
        yield();
        EXPECT_EQ(stats().timers_armed, 5u);
        {
          const Timer timer(1h);
          EXPECT_EQ(stats().timers_armed, 6u);
        }
        EXPECT_EQ(stats().timers_armed, 5u);
      },
      {.procs = 1});
  EXPECT_EQ(stats().timers_armed, 0u);
}

// Their fibers are made by a timer and not by go().
TEST(Stats, CallbacksAreFibersAsAll) {
  const fiber::Stats before = fiber::stats();
  fiber::run([] {
    fiber::WaitGroup called;
    called.add(3);
    for (int i = 0; i < 3; ++i)
      fiber::after_func(std::chrono::microseconds(10), [&] { called.done(); });
    called.wait();
  });
  const fiber::Stats after = fiber::stats();
  EXPECT_EQ(after.fibers_created - before.fibers_created, 4u);
  EXPECT_EQ(after.fibers_ended + after.fibers_stopped - before.fibers_ended - before.fibers_stopped,
            4u);
}

TEST(Stats, AddressesOfStacksGrowWithTheMostFibersAtOnce) {
  constexpr uint64_t kStack = 1 << 20;
  run([] {
    Channel<int> channel;
    for (int i = 0; i < 100; ++i)
      go(FiberOptions{.stack_size = kStack}, [channel] { channel.receive(); });
    channel.close();
    while (stats().fibers_live > 1) yield();
  });
  const Stats after = stats();
  EXPECT_GE(after.stacks, 100u);
  EXPECT_GE(after.stack_addresses_bytes, 100 * kStack);
  run([] { go(FiberOptions{.stack_size = kStack}, [] {}); });
  EXPECT_LT(stats().stacks, after.stacks + 100);
}

TEST(Stats, FibersOfAnEndedRunAreStoppedNotLive) {
  const Stats before = stats();
  run([] {
    Channel<int> channel;
    for (int i = 0; i < 4; ++i) go([channel] { channel.receive(); });
  });
  const Stats after = stats();
  EXPECT_EQ(after.fibers_live, 0u);
  EXPECT_EQ(after.fibers_stopped - before.fibers_stopped, 4u);
  EXPECT_EQ(after.fibers_ended - before.fibers_ended, 1u);
}

TEST(Stats, HistogramsSampleOneInTwoHundredFiftySix) {
  const Stats before = stats();
  constexpr int kFibers = 20'000;
  run([] {
    for (int i = 0; i < kFibers; ++i) spawn([] {}).join();
  });
  const Stats after = stats();
  const uint64_t lifetimes = after.lifetime.count - before.lifetime.count;
  EXPECT_GT(lifetimes, kFibers / 256 / 2);
  EXPECT_LT(lifetimes, kFibers / 256 * 2);
  // Each became runnable once, and main at each join().
  EXPECT_GT(after.run_queue_delay.count - before.run_queue_delay.count, lifetimes / 2);
  EXPECT_GT(after.run_queue_delay.sum_nanoseconds, before.run_queue_delay.sum_nanoseconds);
}

TEST(Stats, LifetimesAndDelaysAreTimes) {
  const Stats before = stats();
  run(
      [] {
        // Enough that some are sampled; each waits in the queue behind 2 ms of work.
        for (int i = 0; i < 4000; ++i) go([] {});
        const auto until = std::chrono::steady_clock::now() + 2ms;
        while (std::chrono::steady_clock::now() < until) {
        }
        while (stats().fibers_live > 1) yield();
      },
      {.procs = 1});
  const Stats after = stats();
  uint64_t long_lives = 0;
  uint64_t long_delays = 0;
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (Histogram::bound(i) <= 2'000'000) continue;
    long_lives += after.lifetime.counts[i] - before.lifetime.counts[i];
    long_delays += after.run_queue_delay.counts[i] - before.run_queue_delay.counts[i];
  }
  // A few may have run before: go() is a poll.
  EXPECT_GT(2 * long_lives, after.lifetime.count - before.lifetime.count);
  EXPECT_GT(long_lives, 0u);
  EXPECT_GT(long_delays, 0u);
}

TEST(Stats, CanBeAskedForWhileEverythingMoves) {
  run(
      [] {
        WaitGroup group;
        for (int i = 0; i < 4; ++i) {
          group.go([] {
            for (int j = 0; j < 2000; ++j) spawn([] { yield(); }).join();
          });
        }
        uint64_t last = 0;
        for (int i = 0; i < 500; ++i) {
          const Stats now = stats();
          EXPECT_GE(now.fibers_created, last);
          EXPECT_EQ(now.fibers_running + now.fibers_runnable + now.fibers_waiting, now.fibers_live);
          last = now.fibers_created;
          yield();
        }
        group.wait();
      },
      {.procs = 4});
}

}  // namespace
}  // namespace fiber
