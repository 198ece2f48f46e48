// Two threads that write the same place at the same moment, with nothing that orders them:
// each time one of the two reports it, through the hooks as instrumented code calls them.
// That plain stores of stamps lose races tests/model/cell_test.cpp shows (PlainStoresLoseRaces).
#include <gtest/gtest.h>
#include <immintrin.h>

#include <atomic>
#include <thread>

#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

constexpr size_t kTrials = 100000;
constexpr size_t kCells = 500;  // of one round: both threads write them in the same order

class SimultaneousWrites : public HooksTest {
 protected:
  static_assert(kCells * 8 <= kBytes && kTrials % kCells == 0);

  void SetUp() override {
    HooksTest::SetUp();
    recorded.on_race_of_threads = [](const RaceFound& race) {
      const size_t cell = (race.cell - reinterpret_cast<uintptr_t>(data)) / 8;
      reported[cell].store(true, std::memory_order_relaxed);
    };
  }
  void TearDown() override { recorded = {}; }

  // Trials that nobody reported.
  template <typename Access>
  size_t unseen_of(Access access) {
    unseen_ = 0;
    arrived_.store(0);
    fsan_fiber* const fibers[2] = {create(0), create(1)};
    std::thread threads[2];
    for (unsigned i : {0u, 1u}) {
      threads[i] = std::thread([this, i, access, fiber = fibers[i]] {
        __fsan_processor_acquired(i + 2);
        __fsan_fiber_switched_in(fiber);
        for (size_t trial = 0; trial < kTrials; trial += kCells) round(i, access);
        __fsan_fiber_switched_out(fiber);
        __fsan_fiber_ended(fiber);
        __fsan_processor_released(i + 2);
      });
    }
    for (std::thread& thread : threads) thread.join();
    return unseen_;
  }

 private:
  fsan_fiber* create(unsigned i) {
    static uint64_t ids = 1u << 21;
    return __fsan_fiber_created(ids++, nullptr, stacks_[i], stacks_[i] + sizeof stacks_[i],
                                stacks_[i] + sizeof stacks_[i], nullptr);
  }
  // Waits for the other thread, yielding: there may be one processor.
  void meet() {
    const size_t all = (arrived_.fetch_add(1, std::memory_order_acq_rel) / 2 + 1) * 2;
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < all; ++spins) {
      spins % 256 == 255 ? std::this_thread::yield() : _mm_pause();
    }
  }
  template <typename Access>
  void round(unsigned i, Access access) {
    if (i == 0) {
      memory_allocated(reinterpret_cast<uintptr_t>(data), kBytes);
      for (std::atomic<bool>& one : reported) one.store(false, std::memory_order_relaxed);
    }
    meet();
    for (size_t cell = 0; cell < kCells; ++cell) access(data + cell * 8);
    meet();
    if (i != 0) return;
    for (std::atomic<bool>& one : reported) unseen_ += !one.load(std::memory_order_relaxed);
  }

  static inline std::atomic<bool> reported[kCells];
  char stacks_[2][256];
  std::atomic<size_t> arrived_{0};
  size_t unseen_ = 0;
};

TEST_F(SimultaneousWrites, AreAllReported) {
  EXPECT_EQ(unseen_of([](char* place) { __fsan_write8(place, 1); }), 0u);
}
TEST_F(SimultaneousWrites, OfRangesAreAllReported) {
  EXPECT_EQ(unseen_of([](char* place) { __fsan_write_range(place, 7, 1); }), 0u);
}

}  // namespace
}  // namespace fibersan
