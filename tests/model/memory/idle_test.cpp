// The protocol of runtime/idle.h over the weak memory: no fiber waits in a queue while a worker
// sleeps for ever. The protocol is written down here once more, line by line as its essay has it,
// so that each line can be dropped: each dropped line must lose a wake-up.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <optional>

#include "tests/model/memory/atomic.h"

namespace model {
namespace {

enum class Dropped {
  kNothing,
  kFenceOfPublisher,  // [F1]
  kFenceOfWorker,     // [F2]
  kSequentialOrder,   // both fences acquire and release only
  kLookBehindTheFence,
  kLastSpinnerWakes,
  kCountTakenBack,  // of wake_one() that found nobody
};

constexpr uint32_t kWorkers = 2;
constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kSequential = std::memory_order_seq_cst;

class World {
 public:
  explicit World(Dropped dropped) : dropped_(dropped) {}

  // Two fibers that compute for ever: each needs a worker of its own.
  void publish() {
    for (uint32_t i = 0; i < kWorkers; ++i) {
      waiting_.fetch_add(1, std::memory_order_release);
      work_published();
    }
    published_.store(1, kRelaxed);
  }

  void work(uint32_t index) {
    for (;;) {
      bool& spinning = spins_[index];
      const uint32_t busy = kWorkers - idle_.load(kRelaxed);
      if (!spinning && 2 * spinning_.load(kRelaxed) < busy) {
        spinning_.fetch_add(1, kRelaxed);
        spinning = true;
      }
      if (take()) {
        if (spinning) stop_spinning(spinning);
        return;  // busy from now on
      }
      give_up(index);
    }
  }

  bool all_taken() const { return waiting_.last() == 0 && published_.last() == 1; }

 private:
  bool drop(Dropped what) const { return dropped_ == what; }
  void fence(Dropped which) const {
    if (drop(which)) return;
    model::fence(drop(Dropped::kSequentialOrder) ? std::memory_order_acq_rel : kSequential);
  }

  void lock() {
    uint32_t free = 0;
    while (!lock_.compare_exchange_strong(free, 1, std::memory_order_acquire, kRelaxed)) {
      free = 0;
      Machine::current->wait_until([this] { return lock_.last() == 0; });
    }
  }
  void unlock() { lock_.store(0, std::memory_order_release); }

  bool take() {
    uint32_t seen = waiting_.load(kRelaxed);
    while (seen > 0) {
      if (waiting_.compare_exchange_strong(seen, seen - 1, std::memory_order_acquire, kRelaxed))
        return true;
    }
    return false;
  }

  void work_published() {
    fence(Dropped::kFenceOfPublisher);  // [F1]
    if (idle_.load(kRelaxed) == 0 || spinning_.load(kRelaxed) != 0) return;
    wake_one();
  }

  void wake_one() {
    uint32_t none = 0;
    if (!spinning_.compare_exchange_strong(none, 1, kSequential, kRelaxed)) return;
    lock();
    for (uint32_t i = 0; i < kWorkers; ++i) {
      if (!parked_[i]) continue;
      parked_[i] = false;
      spins_[i] = true;
      idle_.fetch_sub(1, kRelaxed);
      unlock();
      token_[i].store(1, std::memory_order_release);
      return;
    }
    if (!drop(Dropped::kCountTakenBack)) spinning_.fetch_sub(1, kSequential);
    unlock();
  }

  void stop_spinning(bool& spinning) {
    spinning = false;
    if (spinning_.fetch_sub(1, kSequential) == 1 && !drop(Dropped::kLastSpinnerWakes))
      work_published();
  }

  void give_up(uint32_t index) {
    lock();
    parked_[index] = true;
    idle_.fetch_add(1, kRelaxed);
    if (spins_[index]) {
      spins_[index] = false;
      spinning_.fetch_sub(1, kRelaxed);
    }
    unlock();
    fence(Dropped::kFenceOfWorker);  // [F2]
    if (!drop(Dropped::kLookBehindTheFence) && waiting_.load(kRelaxed) > 0) {
      lock();
      if (parked_[index]) {
        parked_[index] = false;
        idle_.fetch_sub(1, kRelaxed);
      }
      // A waker that was faster has counted us and left a token.
      if (!spins_[index]) {
        spins_[index] = true;
        spinning_.fetch_add(1, kRelaxed);
      }
      unlock();
      return;
    }
    Machine::current->wait_until([this, index] { return token_[index].last() == 1; });
    token_[index].exchange(0, std::memory_order_acquire);
  }

  const Dropped dropped_;
  Atomic<uint32_t> waiting_{0};  // the queues
  Atomic<uint32_t> idle_{0};
  Atomic<uint32_t> spinning_{0};
  Atomic<uint32_t> lock_{0};
  Atomic<uint32_t> published_{0};
  std::array<Atomic<uint32_t>, kWorkers> token_{};
  // Under the lock; `spins_` also by its worker while that is awake.
  std::array<bool, kWorkers> parked_{};
  std::array<bool, kWorkers> spins_{};
};

Outcome explore(Dropped dropped) {
  std::optional<World> world;
  Machine machine({.preemptions = 2, .stale = 2});
  const Scenario scenario = {
      [&] { world.emplace(dropped); },
      {[&] { world->publish(); }, [&] { world->work(0); }, [&] { world->work(1); }},
      [&] {
        if (!world->all_taken()) Machine::current->fail("work was left");
      }};
  const Outcome outcome = machine.explore(scenario);
  std::printf("%llu executions, %llu cut; %s\n",
              static_cast<unsigned long long>(outcome.executions),
              static_cast<unsigned long long>(outcome.cut), outcome.failure.c_str());
  return outcome;
}

TEST(IdleModel, NoWakeUpIsLost) {
  const Outcome outcome = explore(Dropped::kNothing);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.cut, 0u);
}

class IdleModelWithout : public testing::TestWithParam<Dropped> {};

TEST_P(IdleModelWithout, AWakeUpIsLost) {
  EXPECT_TRUE(explore(GetParam()).failure.starts_with("every thread waits for ever"));
}

INSTANTIATE_TEST_SUITE_P(Line, IdleModelWithout,
                         testing::Values(Dropped::kFenceOfPublisher, Dropped::kFenceOfWorker,
                                         Dropped::kSequentialOrder, Dropped::kLookBehindTheFence,
                                         Dropped::kLastSpinnerWakes, Dropped::kCountTakenBack));

}  // namespace
}  // namespace model
