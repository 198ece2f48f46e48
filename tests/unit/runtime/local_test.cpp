// FiberLocal: one value for each fiber and for each thread outside of fibers.
#include "fiber/local.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/wait_group.h"

namespace fiber {
namespace {

FiberLocal<int> number;  // constant-initialised
FiberLocal<std::string> text([] { return std::string("fresh"); });

TEST(FiberLocal, EachFiberHasItsOwnAndKeepsItAcrossThreads) {
  constexpr int kFibers = 200;
  std::vector<int*> places(kFibers);
  run(
      [&places] {
        WaitGroup all;
        for (int i = 0; i < kFibers; ++i) {
          all.go([&places, i] {
            EXPECT_FALSE(number.has_value());
            EXPECT_EQ(*number, 0);
            *number = i;
            places[i] = &*number;
            *text += std::to_string(i);
            for (int turn = 0; turn < 20; ++turn) {
              yield();
              ASSERT_EQ(*number, i);
              ASSERT_EQ(&*number, places[i]);
              ASSERT_EQ(*text, "fresh" + std::to_string(i));
            }
          });
        }
        all.wait();
      },
      {.procs = 4});
}

// Says when it is destroyed.
struct Witness {
  explicit Witness(std::string given) : name(std::move(given)) {}
  Witness(const Witness&) = delete;
  ~Witness();
  std::string name;
};
std::vector<std::string> destroyed;
Witness::~Witness() { destroyed.push_back(name); }

FiberLocal<Witness> first([] { return Witness("first"); });
FiberLocal<Witness> second([] { return Witness("second"); });

TEST(FiberLocal, DestroyedAtTheEndLastMadeFirstBeforeTheJoin) {
  destroyed.clear();
  run(
      [] {
        spawn([] {
          first.get();
          second.get();
          EXPECT_TRUE(destroyed.empty());
        }).join();
        EXPECT_EQ(destroyed, (std::vector<std::string>{"second", "first"}));
        destroyed.clear();
        EXPECT_THROW(spawn([] {
                       first.get();
                       throw std::runtime_error("out");
                     }).join(),
                     std::runtime_error);
        EXPECT_EQ(destroyed, std::vector<std::string>{"first"});
        destroyed.clear();
        spawn([] {
          second.get();
          exit_fiber();
        }).join();
        EXPECT_EQ(destroyed, std::vector<std::string>{"second"});
        destroyed.clear();
        first->name = "of main";
      },
      {.procs = 1});
  EXPECT_EQ(destroyed, std::vector<std::string>{"of main"});
}

TEST(FiberLocal, ResetDestroysAndTheNextUseMakesANewOne) {
  destroyed.clear();
  run([] {
    first.reset();
    first->name = "old";
    first.reset();
    EXPECT_EQ(destroyed, std::vector<std::string>{"old"});
    EXPECT_FALSE(first.has_value());
    EXPECT_EQ(first->name, "first");
  });
}

// A destructor that parks and uses FiberLocals, also its own again.
struct Restless {
  ~Restless();
  int lives = 0;
};
FiberLocal<Restless> restless;
int ends = 0;
Restless::~Restless() {
  ++ends;
  yield();
  *text += "more";
  if (lives > 0) restless->lives = lives - 1;
}

TEST(FiberLocal, ADestructorMayParkAndMakeValues) {
  ends = 0;
  run([] { spawn([] { restless->lives = 3; }).join(); }, {.procs = 4});
  EXPECT_EQ(ends, 4);
}

TEST(FiberLocal, AMakerThatThrowsLeavesNothing) {
  static bool fails;
  fails = true;
  static FiberLocal<int> shaky([] { return fails ? throw std::runtime_error("no") : 7; });
  run([] {
    EXPECT_THROW(shaky.get(), std::runtime_error);
    EXPECT_FALSE(shaky.has_value());
    fails = false;
    EXPECT_EQ(*shaky, 7);
  });
}

TEST(FiberLocal, AnotherFiberLocalInThePlaceOfADeadOneSeesNoneOfItsValues) {
  alignas(FiberLocal<std::string>) char place[sizeof(FiberLocal<std::string>)];
  run([&place] {
    auto* before = new (place) FiberLocal<int>;
    **before = 5;
    before->~FiberLocal<int>();
    auto* after = new (place) FiberLocal<std::string>;
    EXPECT_FALSE(after->has_value());
    EXPECT_EQ(**after, "");
    after->~FiberLocal<std::string>();
  });
}

TEST(FiberLocal, OutsideOfFibersEachThreadHasItsOwn) {
  static FiberLocal<int> mine;
  *mine = 1;
  destroyed.clear();
  std::thread([] {
    EXPECT_FALSE(mine.has_value());
    *mine = 2;
    first->name = "of a thread";
  }).join();
  EXPECT_EQ(destroyed, std::vector<std::string>{"of a thread"});
  run([] {
    EXPECT_FALSE(mine.has_value());
    *mine = 3;
  });
  EXPECT_EQ(*mine, 1);
}

TEST(FiberLocal, ManyInOneFiber) {
  std::vector<std::unique_ptr<FiberLocal<int>>> many;
  for (int i = 0; i < 100; ++i) many.push_back(std::make_unique<FiberLocal<int>>());
  run([&many] {
    for (int i = 0; i < 100; ++i) **many[i] = i;
    many[50]->reset();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(**many[i], i == 50 ? 0 : i);
  });
}

}  // namespace
}  // namespace fiber
