// Random accesses of parts of cells by fibers that are sometimes ordered, hook by hook against
// all that was done before: what the fast parts of the hooks decide (access_fast.h,
// record_fast.h), with one thread and with several.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "detector/race/record_fast.h"
#include "detector/shadow/extended.h"
#include "detector/shadow/shadow.h"
#include "tests/unit/shadow/recorded_races.h"

namespace fibersan {
namespace {

constexpr unsigned kFibers = 4;
constexpr unsigned kCells = 3;
constexpr uint64_t kFirstId = 7'000'000;

struct Part {
  unsigned offset;  // in the cell where it begins
  unsigned size;
};
constexpr Part kParts[] = {{0, 4}, {4, 4}, {0, 2}, {2, 2}, {6, 2}, {5, 1}, {0, 8}};
constexpr Part kAcross[] = {{1, 8}, {4, 8}, {7, 8}, {6, 4}, {0, 16}, {3, 16}, {0, 8}, {0, 4}};
constexpr uint64_t kContext = 0x1234'5678'9abc;

// As the entry of an inline check does. Whether its fast part was enough.
bool access_across(char* address, unsigned size, bool write) {
  const Access access{.address = reinterpret_cast<uintptr_t>(address),
                      .size = size,
                      .kind = write ? AccessKind::kWrite : AccessKind::kRead};
  const Caller caller{1, __builtin_frame_address(0), kContext, 1};
  const Fast result = access_records_fast(access.address, size, access.kind, caller);
  if (result == Fast::kLookAgain) access_again(access, caller);
  if (result == Fast::kSlow) access_range_slowly(access, caller);
  return result == Fast::kDone;
}

void access(char* address, unsigned size, bool write) {
  switch (size) {
    case 1:
      return write ? __fsan_write1(address, kContext) : __fsan_read1(address, kContext);
    case 2:
      return write ? __fsan_write2(address, kContext) : __fsan_read2(address, kContext);
    case 4:
      return write ? __fsan_write4(address, kContext) : __fsan_read4(address, kContext);
    default:
      return write ? __fsan_write8(address, kContext) : __fsan_read8(address, kContext);
  }
}

class Fields : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    recorded = {};
    __fsan_run_started(static_cast<unsigned>(GetParam()), 1);
    for (unsigned i = 0; i < kFibers; ++i)
      fibers_[i] = __fsan_fiber_created(kFirstId + i, nullptr, stack_, stack_ + sizeof stack_,
                                        stack_ + sizeof stack_, nullptr);
    forget();
  }
  void TearDown() override {
    __fsan_fiber_switched_out(fibers_[0]);
    __fsan_fiber_switched_in(this_thread.own);
    for (fsan_fiber* fiber : fibers_) __fsan_fiber_ended(fiber);
    __fsan_run_started(2, 1);
    forget();
    recorded = {};
  }
  void forget() {
    clear_shadow(reinterpret_cast<uintptr_t>(bytes_), sizeof bytes_);
    for (std::vector<Stamp>& cell : done_) cell.clear();
  }

  // Whether the access races with one of those before; nothing when it need not say, as the fiber
  // has just accessed the bytes.
  void step(unsigned fiber_index, unsigned cell, Part part, bool write, bool across = false) {
    fsan_fiber& fiber = *fibers_[fiber_index];
    char* const address = bytes_ + cell * 8 + part.offset;
    const AccessKind kind = write ? AccessKind::kWrite : AccessKind::kRead;
    bool races = false;
    bool says_so = false;
    for (unsigned offset = part.offset, end = part.offset + part.size; offset < end; ++cell) {
      const unsigned size = std::min(8 - offset, end - offset);
      const Stamp wanted = with_mask(with_kind(fiber.clock.stamp(), kind), byte_mask(offset, size));
      Stamp left = wanted & kStampMaskBits;  // what the fiber did not just access
      bool races_here = false;
      for (const Stamp earlier : done_[cell]) {
        races_here |= races_with(earlier, wanted, fiber.clock);
        if (stamp_subsumes(with_mask(earlier, 0xff), wanted)) left &= ~earlier;
      }
      races |= races_here;
      says_so |= races_here && left != 0;
      done_[cell].push_back(wanted);
      end = end > 8 ? end - 8 : 0;
      offset = 0;
    }
    const int before = recorded.races;
    if (!across) {
      access(address, part.size, write);
    } else if (access_across(address, part.size, write) && extended_cells() != 0) {
      ++fast_beside_records_;
    }
    const bool reported = recorded.races != before;
    if (says_so) EXPECT_TRUE(reported);
    if (!races) EXPECT_FALSE(reported);
  }

  // Of parts within one cell, or of kAcross.
  void take_random_steps(bool across) {
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    for (int round = 0; round < 300 && !HasFailure(); ++round) {
      forget();
      const unsigned parts = across              ? std::size(kAcross)
                             : random() % 2 != 0 ? 2
                                                 : std::size(kParts);
      const unsigned most_writes = random() % 4;  // of four accesses
      unsigned fiber = 0;
      __fsan_fiber_switched_in(fibers_[fiber]);
      for (int i = 0; i < 120; ++i) {
        if (random() % 4 == 0) {
          // Mostly an order between the two.
          if (random() % 8 != 0) __fsan_release(&sync_);
          fiber = random() % kFibers;
          __fsan_fiber_switched_in(fibers_[fiber]);
          if (random() % 8 != 0) __fsan_acquire(&sync_);
        }
        const Part part = (across ? kAcross : kParts)[random() % parts];
        step(fiber, random() % kCells, part, random() % 4 < most_writes, across);
        most_records_ = std::max(most_records_, extended_cells());
      }
    }
    EXPECT_GE(most_records_, 2u);  // or it tested little
  }

  fsan_fiber* fibers_[kFibers];
  std::vector<Stamp> done_[kCells + 2];
  alignas(8) char bytes_[(kCells + 2) * 8];
  uint64_t most_records_ = 0;
  uint64_t fast_beside_records_ = 0;
  char stack_[256];
  int sync_ = 0;
};

TEST_P(Fields, RaceAsAllAccessesBeforeSay) { take_random_steps(false); }
// record_fast.h: of several cells, some have records, some get one, some lose it.
TEST_P(Fields, AcrossCellsRaceAsAllAccessesBeforeSay) {
  take_random_steps(true);
  EXPECT_GT(fast_beside_records_, 1000u);
}

// What a fiber did to all bytes since makes its earlier stamps needless, though no single access
// did; with `readers` others, in a large record.
TEST_P(Fields, OfOneFiberDoNotAddUp) {
  for (const unsigned readers : {0u, 20u}) {
    forget();
    std::vector<fsan_fiber*> others;
    for (unsigned i = 0; i < readers; ++i) {
      others.push_back(__fsan_fiber_created(kFirstId + kFibers + i, nullptr, stack_,
                                            stack_ + sizeof stack_, stack_ + sizeof stack_,
                                            nullptr));
      __fsan_fiber_switched_in(others.back());
      access(bytes_, 8, false);
    }
    __fsan_fiber_switched_in(fibers_[0]);
    for (int epoch = 0; epoch < 100; ++epoch) {
      access(bytes_, 4, false);
      access(bytes_ + 4, 4, false);
      if (readers == 0) access(bytes_ + epoch % 2 * 4, 2, true);
      __fsan_release(&sync_);
    }
    unsigned stamps = 0;
    for_each_stamp(
        cell_at(reinterpret_cast<uintptr_t>(bytes_)),
        [](Stamp, void* data) { ++*static_cast<unsigned*>(data); }, &stamps);
    EXPECT_LE(stamps, readers + 6);
    __fsan_fiber_switched_out(fibers_[0]);
    __fsan_fiber_switched_in(this_thread.own);
    for (fsan_fiber* other : others) __fsan_fiber_ended(other);
  }
  EXPECT_EQ(recorded.races, 0);
}

INSTANTIATE_TEST_SUITE_P(WithSoManyThreads, Fields, ::testing::Values(1, 2));

}  // namespace
}  // namespace fibersan
