// Many fibers at once, on 1 to 64 processors: random operations, then each channel is closed
// against whoever waits. What everybody saw must be a history that Go's rules allow, and
// everybody must come back (else the runtime reports a deadlock).
#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

#include "arguments.h"
#include "history.h"
#include "perform.h"

namespace {

using namespace channel_model;

std::atomic<uint64_t> now{1};

struct Seen {
  size_t channel;
  Event event;
};

Event::Kind not_ready(const Case& c, Outcome::Kind kind) {
  if (kind == Outcome::kNothing) return Event::kNothing;
  return c.send ? Event::kFull : Event::kEmpty;
}

// What an operation that ended so says about its channels.
void note(std::vector<Seen>& seen, const Operation& operation, const Outcome& outcome,
          uint64_t begin, uint64_t end, size_t nil) {
  const auto add = [&](const Case& c, Event::Kind kind, int value) {
    const auto channel = static_cast<size_t>(c.channel);
    if (channel != nil) seen.push_back({channel, {kind, value, begin, end}});
  };
  const Case& taken = operation.cases.at(outcome.taken);
  if (operation.verb == Verb::kClose) {
    add(taken, outcome.kind == Outcome::kDone ? Event::kClosed : Event::kClosedAgain, 0);
    return;
  }
  switch (outcome.kind) {
    case Outcome::kDone:
      add(taken, taken.send ? Event::kSent : Event::kReceived,
          taken.send ? taken.value : outcome.value);
      return;
    case Outcome::kClosed:
      add(taken, Event::kDrained, 0);
      return;
    case Outcome::kThrown:  // a select does not say by which case
      if (operation.cases.size() == 1) add(taken, Event::kRefused, taken.value);
      return;
    case Outcome::kNotReady:
    case Outcome::kNothing:
      for (const Case& c : operation.cases) add(c, not_ready(c, outcome.kind), c.value);
      return;
    case Outcome::kValueLost:
      ADD_FAILURE() << "a value is lost: " << text_of(operation);
  }
}

template <class T>
class Run {
 public:
  explicit Run(uint64_t seed) : random_(seed) {
    mix_ = {.channels = 2 + below(random_, 3), .short_waits = below(random_, 3) == 0};
    mix_.closes_in_1000 = below(random_, 2) * 5;
    for (int i = 0; i + 1 < mix_.channels; ++i)
      capacities_.push_back(static_cast<size_t>(below(random_, 5)));
    fibers_ = 2 + below(random_, 10);
  }

  std::string in_fibers() {
    channels_ = make_channels<T>(capacities_);
    std::vector<std::vector<Seen>> seen(static_cast<size_t>(fibers_));
    fiber::WaitGroup group;
    for (int i = 0; i < fibers_; ++i)
      group.go([&, i, seed = random_()] { act(i, seed, seen[static_cast<size_t>(i)]); });
    for (int turns = below(random_, 300); turns > 0; --turns) fiber::yield();
    std::vector<Seen> mine;
    for (int c = 0; c + 1 < mix_.channels; ++c) {
      do_it({Verb::kClose, Patience::kNone, {{true, c, 0}}}, mine);
      for (int turns = below(random_, 20); turns > 0; --turns) fiber::yield();
    }
    group.wait();
    drain(mine);
    seen.push_back(std::move(mine));
    return check(seen);
  }

 private:
  void act(int number, uint64_t seed, std::vector<Seen>& seen) {
    Generator random(seed);
    int next_value = 1 + number * 1000;
    for (int i = 0; i < 40; ++i) {
      do_it(random_operation(random, mix_, true, next_value), seen);
      if (below(random, 6) == 0) fiber::yield();
    }
  }
  void do_it(const Operation& operation, std::vector<Seen>& seen) {
    const uint64_t begin = now.fetch_add(1);
    const Outcome outcome = perform(channels_, operation);
    note(seen, operation, outcome, begin, now.fetch_add(1), capacities_.size());
  }
  void drain(std::vector<Seen>& seen) {
    for (int c = 0; c + 1 < mix_.channels; ++c) {
      while (channels_[static_cast<size_t>(c)].size() > 0)
        do_it({Verb::kReceiveInto, Patience::kNone, {{false, c, 0}}}, seen);
    }
  }
  std::string check(const std::vector<std::vector<Seen>>& all) const {
    for (size_t c = 0; c < capacities_.size(); ++c) {
      std::vector<Event> events;
      for (const auto& seen : all)
        for (const Seen& one : seen)
          if (one.channel == c) events.push_back(one.event);
      if (std::string wrong = check_history(events, capacities_[c]); !wrong.empty())
        return "c" + std::to_string(c) + " of capacity " + std::to_string(capacities_[c]) + ": " +
               wrong;
    }
    return "";
  }

  Generator random_;
  Mix mix_;
  std::vector<size_t> capacities_;
  int fibers_;
  Channels<T> channels_;
};

template <class T>
class ChannelHistories : public testing::Test {};
using Values = testing::Types<Bytes, Unique, Boxed>;
TYPED_TEST_SUITE(ChannelHistories, Values);

TYPED_TEST(ChannelHistories, FollowTheRules) {
  for (const unsigned procs : {1U, 3U, 8U, 64U}) {
    fiber::run(
        [&] {
          for_each_seed(120, [&](uint64_t seed) {
            const int alive_before = TypeParam::alive();
            {
              Run<TypeParam> run(seed);
              EXPECT_EQ(run.in_fibers(), "") << "--seed=" << seed << " procs=" << procs;
            }
            EXPECT_EQ(TypeParam::alive(), alive_before) << "--seed=" << seed;
            return !testing::Test::HasFailure();
          });
        },
        {.procs = procs, .seed = 1});
  }
}

}  // namespace
