// Random programs of nested locks and hard edges: what is found is compared with all acquisitions
// that ever were, under exact clocks of one entry for each fiber.
#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <vector>

#include "detector/deadlock/lock_order.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

constexpr int kFibers = 4;
constexpr int kLocks = 4;
constexpr int kChannels = 2;

using Past = std::array<int, kFibers>;
using Modes = std::array<int, kLocks>;  // 0: not held, 1: for reading, 2: for writing

void join(Past& into, const Past& other) {
  for (int i = 0; i < kFibers; ++i) into[i] = std::max(into[i], other[i]);
}

struct Taken {
  int fiber;
  int lock;
  int mode;
  Modes held;
  Past past;  // with itself
};

bool are_ordered(const Taken& a, const Taken& b) {
  return b.past[a.fiber] >= a.past[a.fiber] || a.past[b.fiber] >= b.past[b.fiber];
}
bool may_go_together(const Taken& a, const Taken& b) {
  if (a.fiber == b.fiber || are_ordered(a, b)) return false;
  for (int i = 0; i < kLocks; ++i) {
    if (a.held[i] + b.held[i] > 2 && a.held[i] != 0 && b.held[i] != 0) return false;
  }
  return true;
}
bool waits_for(const Taken& a, const Taken& b) {
  return b.held[a.lock] != 0 && a.mode + b.held[a.lock] > 2;
}

struct Oracle {
  std::vector<Taken> all;
  std::set<std::set<int>> pairs;
  std::set<std::vector<int>> triples;

  void add(const Taken& taken) {
    for (const Taken& a : all) {
      if (!may_go_together(taken, a)) continue;
      if (waits_for(taken, a) && waits_for(a, taken)) pairs.insert({taken.lock, a.lock});
      for (const Taken& b : all) {
        if (a.lock == b.lock || b.lock == taken.lock || a.lock == taken.lock) continue;
        if (!may_go_together(taken, b) || !may_go_together(a, b)) continue;
        if (waits_for(taken, a) && waits_for(a, b) && waits_for(b, taken))
          triples.insert(from_the_least({taken.lock, a.lock, b.lock}));
      }
    }
    all.push_back(taken);
  }

  static std::vector<int> from_the_least(std::vector<int> ring) {
    std::rotate(ring.begin(), std::min_element(ring.begin(), ring.end()), ring.end());
    return ring;
  }
};

class Program {
 public:
  explicit Program(unsigned seed) : random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step(pick(kFibers));
    for (int fiber = 0; fiber < kFibers; ++fiber) {
      for (int lock = 0; lock < kLocks; ++lock) {
        if (held_[fiber][lock] != 0) unlock(fiber, lock);
      }
    }
  }
  const Oracle& oracle() const { return oracle_; }

  static inline int locks[kLocks][2];
  static inline int channels[kChannels][2];

 private:
  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  void step(int fiber) {
    switch (pick(12)) {
      case 0:
        return release(fiber, channels_[pick(kChannels)], pick(2) == 0);
      case 1:
        return acquire(fiber, pick(kChannels));
      case 2:
      case 3:
      case 4:
      case 5: {
        const int lock = pick(kLocks);
        if (held_[fiber][lock] != 0) unlock(fiber, lock);
        return;
      }
      default:
        return lock(fiber, pick(kLocks), pick(3) == 0 ? 1 : 2, pick(6) == 0);
    }
  }

  void release(int fiber, Past& channel, bool overwrites) {
    const void* const sync = channels[&channel - channels_.data()];
    fibers_[fiber].run([&] { overwrites ? __fsan_release(sync) : __fsan_merge(sync); });
    if (overwrites) channel = {};
    join(channel, pasts_[fiber]);
  }
  void acquire(int fiber, int channel) {
    fibers_[fiber].run([&] { __fsan_acquire(channels[channel]); });
    join(pasts_[fiber], channels_[channel]);
  }
  void unlock(int fiber, int lock) {
    const bool reads = held_[fiber][lock] == 1;
    fibers_[fiber].run(
        [&] { __fsan_lock_released(locks[lock], reads ? FSAN_LOCK_READ : FSAN_LOCK_WRITE); });
    held_[fiber][lock] = 0;
  }
  void lock(int fiber, int lock, int mode, bool tries) {
    for (const Modes& held : held_) {
      if (held[lock] + mode > 2 && held[lock] != 0) return;
    }
    if (held_[fiber][lock] != 0) return;
    const int hook_mode = (mode == 1 ? FSAN_LOCK_READ : FSAN_LOCK_WRITE) |
                          (tries ? static_cast<int>(FSAN_LOCK_TRY_WRITE) : 0);
    fibers_[fiber].run(
        [&] { __fsan_lock_acquired(locks[lock], static_cast<fsan_lock_mode>(hook_mode)); });
    ++pasts_[fiber][fiber];
    const bool is_nested = held_[fiber] != Modes{};
    if (is_nested && !tries) oracle_.add({fiber, lock, mode, held_[fiber], pasts_[fiber]});
    held_[fiber][lock] = mode;
  }

  std::mt19937 random_;
  FakeFiber fibers_[kFibers];
  std::array<Past, kFibers> pasts_ = {};
  std::array<Past, kChannels> channels_ = {};
  std::array<Modes, kFibers> held_ = {};
  Oracle oracle_;
};

class LockOrderOracle : public HooksTest {};

TEST_F(LockOrderOracle, PairsAreExactAndNoRingIsInvented) {
  size_t pairs = 0;
  size_t triples = 0;
  size_t triples_missed = 0;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    recorded = {};
    __fsan_memory_forgotten(Program::locks, sizeof Program::locks);
    __fsan_memory_forgotten(Program::channels, sizeof Program::channels);
    Program program(seed);
    program.run(120);
    const Oracle& oracle = program.oracle();
    ASSERT_EQ(recorded.cycles_of_two, oracle.pairs.size()) << "seed " << seed;
    ASSERT_LE(recorded.cycles_of_three, oracle.triples.size()) << "seed " << seed;
    pairs += oracle.pairs.size();
    triples += oracle.triples.size();
    triples_missed += oracle.triples.size() - recorded.cycles_of_three;
  }
  EXPECT_GT(pairs, 100U);
  EXPECT_GT(triples, 20U);
  EXPECT_LE(triples_missed * 10, triples);  // Q1 of acquisitions.h
}

}  // namespace
}  // namespace fibersan
