// One processor, one operation at a time: after each the library and the reference must
// agree about who has returned with what, who waits, and how many values are buffered.
#include <fiber/fiber.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "perform.h"
#include "reference.h"

namespace {

using namespace channel_model;

#if __has_feature(address_sanitizer)
// Operations that wait when a program is over keep what they own.
extern "C" const char* __lsan_default_suppressions() { return "leak:Actor<*>::live\n"; }
#endif

// A fiber that does one operation each time it is told to.
template <class T>
struct Actor {
  fiber::Semaphore told{0};
  Operation operation{};
  Outcome outcome{};
  bool busy = false;
  bool returned = false;
  bool dismissed = false;

  void live(const Channels<T>& channels) {
    for (;;) {
      told.acquire();
      if (dismissed) return;
      outcome = perform(channels, operation);
      returned = true;
    }
  }
};

struct Settings {
  uint64_t seed;
  Mix mix;
  int steps = 60;
  bool verbose = false;
};

template <class T>
class Program {
 public:
  explicit Program(const Settings& settings) : settings_(settings), random_(settings.seed) {
    for (int i = 0; i + 1 < settings_.mix.channels; ++i)
      capacities_.push_back(static_cast<size_t>(below(random_, 5)));
    reference_ = std::make_unique<Reference>(capacities_);
  }

  // What went wrong, or nothing.
  std::string run() {
    channels_ = make_channels<T>(capacities_);
    for (auto& actor : actors_)
      fiber::go([&] {
        actor->live(channels_);
        ++gone_;
      });
    std::string wrong;
    for (int i = 0; i < settings_.steps && wrong.empty(); ++i) wrong = random_step();
    for (int c = 0; c + 1 < settings_.mix.channels && wrong.empty(); ++c) wrong = end_channel(c);
    if (!wrong.empty()) return wrong + "\n" + trace_;  // the others stay where they are
    dismiss();
    return "";
  }
  const std::string& trace() const { return trace_; }
  bool somebody_stays() const { return gone_ < kActors; }

 private:
  static constexpr int kActors = 8;

  std::string random_step() {
    if (settings_.mix.short_waits && below(random_, 12) == 0) return wait_for_the_impatient();
    const int actor = idle_actor();
    // Actor 0 never waits, so that there is always somebody to go on with.
    return step(actor, random_operation(random_, settings_.mix, actor != 0, next_value_));
  }

  int idle_actor() {
    int actor = below(random_, kActors);
    for (int tries = 0; actors_[actor]->busy && tries < kActors; ++tries)
      actor = (actor + 1) % kActors;
    return actors_[actor]->busy ? 0 : actor;
  }

  std::string step(int number, const Operation& operation) {
    Actor<T>& actor = *actors_[number];
    note("fiber " + std::to_string(number) + ": " + text_of(operation));
    actor.operation = operation;
    actor.busy = true;
    actor.told.release();
    settle();
    for (int i = 0; i < kActors; ++i) {
      if (i == number || !has_timed_out(i)) continue;
      if (std::string wrong = reference_->give_up(i); !wrong.empty()) return at(i, wrong);
      collect(i);
    }
    const bool returned = actor.returned;
    if (std::string wrong = reference_->begin(
            number, operation, returned ? std::optional<Outcome>(actor.outcome) : std::nullopt);
        !wrong.empty())
      return at(number, wrong);
    if (returned) collect(number);
    return check_the_others();
  }

  std::string check_the_others() {
    for (int i = 0; i < kActors; ++i) {
      if (!actors_[i]->returned) continue;
      if (std::string wrong = reference_->end(i, actors_[i]->outcome); !wrong.empty())
        return at(i, wrong);
      collect(i);
    }
    if (const auto overdue = reference_->overdue(); !overdue.empty())
      return at(overdue[0], "was served and does not return");
    for (size_t c = 0; c < capacities_.size(); ++c) {
      if (channels_[c].size() != reference_->size(c))
        return "c" + std::to_string(c) + " has " + std::to_string(channels_[c].size()) +
               " values, should have " + std::to_string(reference_->size(c));
    }
    return "";
  }

  bool has_timed_out(int i) const {
    const Actor<T>& actor = *actors_[i];
    return actor.returned && reference_->waits(i) &&
           reference_->awaited(i).patience == Patience::kShort &&
           (actor.outcome.kind == Outcome::kNotReady || actor.outcome.kind == Outcome::kNothing);
  }

  std::string wait_for_the_impatient() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (int i = 0; i < kActors; ++i) {
      if (!reference_->waits(i) || reference_->awaited(i).patience != Patience::kShort) continue;
      while (!actors_[i]->returned) {
        fiber::sleep_for(kShortWait);
        if (std::chrono::steady_clock::now() > end) return at(i, "does not time out");
      }
      if (!has_timed_out(i)) return at(i, "does not say that it timed out");
      if (std::string wrong = reference_->give_up(i); !wrong.empty()) return at(i, wrong);
      collect(i);
    }
    return "";
  }

  // Closes it, unless it is, and takes out what is left.
  std::string end_channel(int channel) {
    for (const Verb verb : {Verb::kClose, Verb::kReceiveInto}) {
      for (bool more = true; more;) {
        std::string wrong = step(0, {verb, Patience::kNone, {{false, channel, 0}}});
        if (!wrong.empty()) return wrong;
        more = verb != Verb::kClose && actors_[0]->outcome.kind == Outcome::kDone;
      }
    }
    return "";
  }

  void dismiss() {
    for (auto& actor : actors_) {
      if (actor->busy) continue;  // waits for nil for ever
      actor->dismissed = true;
      actor->told.release();
    }
    settle();
    channels_.clear();
  }

  // Everybody who can has run until it waits.
  static void settle() {
    for (int i = 0; i < 8; ++i) fiber::yield();
  }

  void collect(int i) {
    Actor<T>& actor = *actors_[i];
    note("  fiber " + std::to_string(i) + ": " + text_of(actor.outcome));
    actor.busy = actor.returned = false;
  }
  void note(const std::string& line) {
    trace_ += line + "\n";
    if (settings_.verbose) std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::string at(int actor, const std::string& wrong) const {
    return "fiber " + std::to_string(actor) + " " + wrong + ": " + text_of(actors_[actor]->outcome);
  }

  const Settings settings_;
  Generator random_;
  std::vector<size_t> capacities_;
  std::unique_ptr<Reference> reference_;
  Channels<T> channels_;
  std::vector<std::unique_ptr<Actor<T>>> actors_ = [] {
    std::vector<std::unique_ptr<Actor<T>>> actors;
    for (int i = 0; i < kActors; ++i) actors.push_back(std::make_unique<Actor<T>>());
    return actors;
  }();
  int next_value_ = 1;
  int gone_ = 0;
  std::string trace_;
};

// The trace; empty when the test has failed. Stopped fibers keep what they refer to, so a
// program that somebody stays in is left alone.
template <class T>
std::string run_program(const Settings& settings) {
  auto program = std::make_unique<Program<T>>(settings);
  std::string wrong;
  const int alive_before = T::alive();
  fiber::run([&] { wrong = program->run(); }, {.procs = 1, .seed = settings.seed});
  EXPECT_EQ(wrong, "") << "run this program alone with --seed=" << settings.seed;
  std::string trace = wrong.empty() ? program->trace() : "";
  if (!program->somebody_stays()) {
    EXPECT_EQ(T::alive(), alive_before) << "values left over, --seed=" << settings.seed;
  } else {
    static std::vector<std::unique_ptr<Program<T>>> kept;
    kept.push_back(std::move(program));
  }
  return testing::Test::HasFailure() ? "" : trace;
}

template <class T>
class ChannelSteps : public testing::Test {};
using Values = testing::Types<Bytes, Unique, Boxed>;
TYPED_TEST_SUITE(ChannelSteps, Values);

Settings settings_of(uint64_t seed) {
  Generator random(seed);
  Settings settings{seed, {.channels = 2 + below(random, 3)}};
  settings.mix.closes_in_1000 = below(random, 2) == 0 ? 0 : 25;
  settings.mix.nil_for_ever = below(random, 50) == 0;
  settings.verbose = arguments().seed != 0;
  return settings;
}

TYPED_TEST(ChannelSteps, AgreeWithTheReference) {
  for_each_seed(700,
                [](uint64_t seed) { return !run_program<TypeParam>(settings_of(seed)).empty(); });
}

TYPED_TEST(ChannelSteps, AgreeWhileWaitsTimeOut) {
  for_each_seed(100, [](uint64_t seed) {
    Settings settings = settings_of(seed);
    settings.mix.short_waits = true;
    return !run_program<TypeParam>(settings).empty();
  });
}

// The same seed makes the same choices among ready cases.
TEST(ChannelReplay, OfASeedIsExact) {
  for_each_seed(100, [](uint64_t seed) {
    const std::string once = run_program<Bytes>(settings_of(seed));
    const std::string again = run_program<Bytes>(settings_of(seed));
    EXPECT_EQ(once, again) << "--seed=" << seed;
    return !once.empty() && once == again;
  });
}

}  // namespace
