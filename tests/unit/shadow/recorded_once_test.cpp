// An access that the shadow knows is not recorded in the history again: who looks at the same
// thing for ever must not push out what others did.
#include <memory>
#include <vector>

#include "detector/history/history.h"
#include "detector/shadow/record.h"
#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

class RecordedOnce : public HooksTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override {
    HooksTest::SetUp();
    set_waits_before_shards(GetParam());
  }
  void TearDown() override { set_waits_before_shards(8); }

  // More than a small record holds, so that there are sets of stamps.
  template <typename Body>
  void many(Body&& body) {
    for (int i = 0; i < 20; ++i) {
      others_.push_back(std::make_unique<FakeFiber>());
      others_.back()->run(body);
    }
  }
  // Accesses in all rings.
  static uint64_t recorded_events() {
    uint64_t events = 0;
    uint64_t sequence = ~uint64_t{0};
    while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence)) {
      Ring::visit_chunk(*chunk, sequence, [&](const Segment&, const RecordedAccess&) { ++events; });
    }
    return events;
  }
  // Events that `again` costs in a fiber that has done the same before, when others have since.
  template <typename Body>
  uint64_t events_of_repeating(Body&& body) {
    many(body);
    FakeFiber fiber;
    fiber.run(body);
    many(body);
    const uint64_t before = recorded_events();
    fiber.run([&] {
      for (int i = 0; i < 1000; ++i) body();
    });
    return recorded_events() - before;
  }

  std::vector<std::unique_ptr<FakeFiber>> others_;
};

TEST_P(RecordedOnce, Read) {
  EXPECT_EQ(events_of_repeating([] { __fsan_read4(data, 1); }), 0u);
}
TEST_P(RecordedOnce, AtomicRead) {
  EXPECT_EQ(events_of_repeating([] { __fsan_atomic32_load(sync, __ATOMIC_RELAXED, 2); }), 0u);
}
TEST_P(RecordedOnce, AtomicUpdate) {
  EXPECT_EQ(
      events_of_repeating([] { __fsan_atomic32_rmw(sync, 1, FSAN_RMW_ADD, __ATOMIC_RELAXED, 3); }),
      0u);
}
TEST_P(RecordedOnce, ReadOfARange) {
  EXPECT_EQ(events_of_repeating([] { __fsan_read_range(data + 64, 100, 4); }), 0u);
}

// Another part of the cell is another access.
TEST_P(RecordedOnce, MoreBytesOfTheCell) {
  many([] { __fsan_read8(data, 1); });
  FakeFiber fiber;
  fiber.run([] { __fsan_read4(data, 1); });
  many([] { __fsan_read8(data, 1); });
  const uint64_t before = recorded_events();
  fiber.run([] { __fsan_read4(data + 4, 1); });
  EXPECT_EQ(recorded_events() - before, 1u);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutShards, RecordedOnce, ::testing::Values(0u, 255u));

}  // namespace
}  // namespace fibersan
