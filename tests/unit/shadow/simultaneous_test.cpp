// Threads that access one cell at the same moment with nothing between them: whatever the
// interleaving, one of them sees another's stamp (cell.h C1).
#include <gtest/gtest.h>
#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/shadow/one_cell.h"

namespace fibersan {
namespace {

constexpr int kTrials = 100000;
// Threads that share a processor take a time slice for each trial: fewer are enough then.
constexpr auto kLongest = std::chrono::seconds(2);

struct Setting {
  size_t threads;
  size_t readers_before;  // stamps that are there: with two the cell gets a record
  AccessKind first;       // the kind of thread 0's access
  AccessKind others;
};

// Threads that leave together. They yield: a test machine may have fewer processors.
class Barrier {
 public:
  explicit Barrier(size_t threads) : threads_(threads) {}
  void wait() {
    const size_t ticket = arrived_.fetch_add(1, std::memory_order_acq_rel);
    const size_t all = (ticket / threads_ + 1) * threads_;
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < all; ++spins) {
      spins % 256 == 255 ? std::this_thread::yield() : _mm_pause();
    }
  }

 private:
  const size_t threads_;
  std::atomic<size_t> arrived_{0};
};

class Simultaneous : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    const size_t count = GetParam().threads + GetParam().readers_before;
    fibers_ = std::make_unique<FiberClock[]>(count);
    for (size_t i = 0; i < count; ++i) {
      fibers_[i].start(SpawnSnapshot{}, static_cast<unsigned>(i), i + 1);
    }
  }
  void TearDown() override {
    clear_extended(cell_);
    for (size_t i = 0; i < GetParam().threads + GetParam().readers_before; ++i) fibers_[i].end();
  }
  bool access(size_t fiber, AccessKind kind, uint8_t mask) {
    const Stamp stamp = with_mask(with_kind(fibers_[fiber].stamp(), kind), mask);
    return !access_cell<SharedSlots>(cell_, stamp, fibers_[fiber]).empty();
  }
  void prepare() {
    clear_extended(cell_);
    seen_.store(false, std::memory_order_relaxed);
    for (size_t i = 0; i < GetParam().readers_before; ++i) {
      access(GetParam().threads + i, AccessKind::kAtomicRead, 0xff);
    }
  }
  void repeat(size_t thread, Barrier& barrier) {
    const AccessKind kind = thread == 0 ? GetParam().first : GetParam().others;
    const auto end = std::chrono::steady_clock::now() + kLongest;
    for (int trial = 0; trial < kTrials; ++trial) {
      if (thread == 0) prepare();
      if (thread == 0 && std::chrono::steady_clock::now() > end)
        over_.store(true, std::memory_order_relaxed);
      barrier.wait();
      if (over_.load(std::memory_order_relaxed)) break;
      if (access(thread, kind, 0x0f)) seen_.store(true, std::memory_order_relaxed);
      barrier.wait();
      if (thread == 0) unseen_ += !seen_.load(std::memory_order_relaxed);
    }
  }

  std::unique_ptr<FiberClock[]> fibers_;
  Cell cell_{{0, 0}};
  std::atomic<bool> seen_{false};
  std::atomic<bool> over_{false};
  int unseen_ = 0;
};

TEST_P(Simultaneous, IsSeenEachTime) {
  Barrier barrier(GetParam().threads);
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < GetParam().threads; ++i) {
      threads.emplace_back([&, i] { repeat(i, barrier); });
    }
  }
  EXPECT_EQ(unseen_, 0);
}

// The readers before are atomic: plain reads and atomic writes are the pair that does not
// race with them, and races with each other.
constexpr AccessKind kR = AccessKind::kRead;
constexpr AccessKind kW = AccessKind::kWrite;
constexpr AccessKind kA = AccessKind::kAtomicWrite;
INSTANTIATE_TEST_SUITE_P(TwoThreads, Simultaneous,
                         ::testing::Values(Setting{2, 0, kW, kW}, Setting{2, 0, kR, kW},
                                           Setting{2, 1, kR, kA}, Setting{2, 2, kR, kA},
                                           Setting{2, 3, kR, kA}));
INSTANTIATE_TEST_SUITE_P(ThreeThreads, Simultaneous,
                         ::testing::Values(Setting{3, 0, kW, kW}, Setting{3, 1, kR, kA},
                                           Setting{3, 2, kR, kA}));

}  // namespace
}  // namespace fibersan
