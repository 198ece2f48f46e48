// Which fibers reports can still name.
#include "detector/race/known_fibers.h"

#include <string>

#include "tests/unit/shadow/fake_fiber.h"

namespace fibersan {
namespace {

// Far from the ids of FakeFiber.
constexpr uint64_t kFirst = uint64_t{1} << 24;

class KnownFibers : public HooksTest {
 protected:
  static uint64_t create(uint64_t creator = kNoFiberId, const char* name = nullptr) {
    FiberInfo* const info = make_fiber_info(next_id++, creator, 5, name);
    infos[info->id % 1024] = info;
    return info->id;
  }
  static void end(uint64_t id) { fiber_info_ended(*infos[id % 1024]); }
  static uint64_t ended(uint64_t creator = kNoFiberId) {
    const uint64_t id = create(creator);
    end(id);
    return id;
  }
  static bool known(uint64_t id) { return find_fiber(id).has_value(); }

  static inline uint64_t next_id = kFirst;
  static inline FiberInfo* infos[1024];
};

TEST_F(KnownFibers, ARecordIsCopied) {
  const uint64_t id = create(7, "worker");
  const std::optional<KnownFiber> fiber = find_fiber(id);
  ASSERT_TRUE(fiber);
  EXPECT_EQ(fiber->id, id);
  EXPECT_EQ(fiber->creator_id, 7u);
  EXPECT_EQ(fiber->created, 5u);
  EXPECT_FALSE(fiber->finished);
  EXPECT_STREQ(fiber->name, "worker");
  name_fiber(*infos[id % 1024], std::string(100, 'x').c_str());
  EXPECT_EQ(find_fiber(id)->name, std::string(47, 'x'));
  name_fiber(*infos[id % 1024], "");
  EXPECT_STREQ(find_fiber(id)->name, "");
  end(id);
  EXPECT_TRUE(find_fiber(id)->finished);
  EXPECT_FALSE(known(id + 1));
}

TEST_F(KnownFibers, OnlyTheNewestOfThoseThatEndedAreKept) {
  const uint64_t before = known_fibers();
  const uint64_t alive = create();
  const uint64_t old = ended();
  const uint64_t newest = ended();
  forget_all_old_fibers(1);
  EXPECT_TRUE(known(alive));
  EXPECT_FALSE(known(old));
  EXPECT_TRUE(known(newest));
  end(alive);
  forget_all_old_fibers(0);
  EXPECT_FALSE(known(alive));
  EXPECT_FALSE(known(newest));
  EXPECT_LE(known_fibers(), before);
}

TEST_F(KnownFibers, CreatorsOfALivingOneStay) {
  const uint64_t first = ended();
  const uint64_t second = ended(first);
  const uint64_t aside = ended(first);
  const uint64_t alive = create(second);
  forget_all_old_fibers(0);
  EXPECT_TRUE(known(first));
  EXPECT_TRUE(known(second));
  EXPECT_FALSE(known(aside));
  end(alive);
  forget_all_old_fibers(0);
  EXPECT_FALSE(known(first));
  EXPECT_FALSE(known(second));
}

TEST_F(KnownFibers, AChainOfCreatorsIsNotKeptForEver) {
  uint64_t last = kNoFiberId;
  const uint64_t before = known_fibers();
  for (int i = 0; i < 1000; ++i) last = ended(last);
  const uint64_t alive = create(last);
  forget_all_old_fibers(0);
  EXPECT_TRUE(known(last));
  EXPECT_LT(known_fibers(), before + 100);
  end(alive);
  forget_all_old_fibers(0);
}

TEST_F(KnownFibers, TheOwnerOfARetiredLaneStays) {
  uint64_t id = 0;
  {
    FakeFiber fiber;
    fiber.run([&] {
      __fsan_write8(data, 1);
      id = this_thread.fiber->info->id;
    });
  }
  forget_all_old_fibers(0);
  EXPECT_TRUE(known(id));
  EXPECT_TRUE(find_fiber(id)->finished);
}

TEST_F(KnownFibers, ALiveFiberIsVisitedUntilItEnds) {
  constexpr auto kCount = [](const fsan_fiber& fiber, void* visits) {
    if (fiber.info != nullptr) ++*static_cast<int*>(visits);
  };
  int before = 0;
  for_each_fiber(kCount, &before);
  uint64_t id = 0;
  int visits = 0;
  {
    FakeFiber fiber;
    fiber.run([&] { id = this_thread.fiber->info->id; });
    EXPECT_TRUE(visit_live_fiber(id, kCount, &visits));
    EXPECT_EQ(visits, 1);
    for_each_fiber(kCount, &visits);
    EXPECT_EQ(visits, before + 2);
  }
  EXPECT_TRUE(known(id));
  EXPECT_FALSE(visit_live_fiber(id, kCount, &visits));
  for_each_fiber(kCount, &visits);
  EXPECT_EQ(visits, 2 * before + 2);
  EXPECT_FALSE(visit_live_fiber(kFirst - 1, kCount, &visits));
}

TEST_F(KnownFibers, OfTwoRunsTheNewestIsFound) {
  const uint64_t id = ended();
  next_id = id;
  create(9);
  EXPECT_EQ(find_fiber(id)->creator_id, 9u);
  EXPECT_FALSE(find_fiber(id)->finished);
  forget_all_old_fibers(0);
  EXPECT_EQ(find_fiber(id)->creator_id, 9u);
  end(id);
}

}  // namespace
}  // namespace fibersan
