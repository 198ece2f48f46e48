// runtime/run_queue.h with a ring of 4 and of 2 over the weak memory: every fiber that is pushed is
// taken once, by somebody who sees what its pusher wrote.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <optional>
#include <vector>

#include "tests/model/memory/atomic.h"
// clang-format off
#include "tests/model/memory/borrowed.h"
#include "runtime/run_queue.h"
#include "tests/model/memory/returned.h"
// clang-format on

namespace model {
namespace {

struct Item {
  Plain written;
  int taken = 0;
};

template <uint32_t kCapacity>
struct World {
  static constexpr uint32_t kItems = 8;
  using Queue = fiber::modelled::RunQueue<Item, kCapacity>;

  std::array<Item, kItems> items;
  Queue owner;
  Queue thief;
  Queue other_thief;
  int overflowed = 0;

  // By the owner, as the scheduler does it.
  void push(uint32_t index) {
    items[index].written.write(index + 1);
    push(&items[index]);
  }
  void push(Item* item) {
    while (!owner.push(item)) {
      typename Queue::Overflow half;
      if (!owner.take_half(half)) continue;
      half.append(item);
      for (uint32_t i = 0; i < half.count; ++i) take(half.items[i]);
      ++overflowed;
      return;
    }
  }
  void push_next(uint32_t index) {
    items[index].written.write(index + 1);
    if (Item* displaced = owner.push_next(&items[index])) push(displaced);
  }
  void take(Item* item) {
    if (item == nullptr) return;
    if (item->written.read() != static_cast<uint64_t>(item - items.data()) + 1)
      Machine::current->fail("an item without its content");
    if (++item->taken > 1) Machine::current->fail("an item taken twice");
  }
  void steal(Queue& to) {
    take(owner.steal_into(to));
    while (Item* item = to.take()) take(item);
  }
  void steal_next() {
    Item* next = owner.peek_next();
    if (next != nullptr && owner.steal_next(next)) take(next);
  }
  void expect_all_taken(uint32_t pushed) {
    while (Item* item = owner.take()) take(item);
    take(owner.take_next());
    while (Item* item = thief.take()) take(item);
    while (Item* item = other_thief.take()) take(item);
    for (uint32_t i = 0; i < pushed; ++i)
      if (items[i].taken != 1) Machine::current->fail("an item was lost");
  }
};

template <uint32_t kCapacity>
Outcome explore(
    Bounds bounds, uint32_t pushed, std::optional<World<kCapacity>>& world,
    std::vector<std::function<void()>> threads, const std::function<void()>& set_up = [] {}) {
  Machine machine(bounds);
  const Scenario scenario = {[&] {
                               world.emplace();
                               set_up();
                             },
                             std::move(threads), [&] { world->expect_all_taken(pushed); }};
  const Outcome outcome = machine.explore(scenario);
  std::printf("%llu executions, %llu cut\n", static_cast<unsigned long long>(outcome.executions),
              static_cast<unsigned long long>(outcome.cut));
  return outcome;
}

TEST(RunQueueModel, OwnerAndThiefOverARingOfTwo) {
  std::optional<World<2>> world;
  const Outcome outcome = explore<2>(Bounds{.preemptions = 3, .stale = 2}, 4, world,
                                     {[&] {
                                        for (uint32_t i = 0; i < 4; ++i) {
                                          world->push(i);
                                          if (i == 1) world->take(world->owner.take());
                                        }
                                      },
                                      [&] {
                                        world->steal(world->thief);
                                        world->steal(world->thief);
                                      }});
  EXPECT_EQ(outcome.failure, "");
  EXPECT_GT(outcome.executions, 1000u);
}

TEST(RunQueueModel, OwnerAndThiefOverARingOfFour) {
  std::optional<World<4>> world;
  const Outcome outcome = explore<4>(Bounds{.preemptions = 2, .stale = 2}, 7, world,
                                     {[&] {
                                        for (uint32_t i = 0; i < 7; ++i) world->push(i);
                                        world->take(world->owner.take());
                                      },
                                      [&] {
                                        world->steal(world->thief);
                                        world->steal(world->thief);
                                      }});
  EXPECT_EQ(outcome.failure, "");
}

TEST(RunQueueModel, TwoThieves) {
  std::optional<World<4>> world;
  const Outcome outcome =
      explore<4>(Bounds{.preemptions = 2, .stale = 1}, 5, world,
                 {[&] {
                    world->push(3);
                    world->take(world->owner.take());
                    world->push(4);
                  },
                  [&] { world->steal(world->thief); }, [&] { world->steal(world->other_thief); }},
                 [&] {
                   for (uint32_t i = 0; i < 3; ++i) world->push(i);
                 });
  EXPECT_EQ(outcome.failure, "");
}

// What a thief has stolen is stolen from it by another.
TEST(RunQueueModel, AThiefOfAThief) {
  std::optional<World<4>> world;
  const Outcome outcome = explore<4>(Bounds{.preemptions = 2, .stale = 2}, 5, world,
                                     {[&] {
                                        world->push(4);
                                        world->take(world->owner.take());
                                      },
                                      [&] { world->take(world->owner.steal_into(world->thief)); },
                                      [&] {
                                        world->take(world->thief.steal_into(world->other_thief));
                                        while (Item* item = world->other_thief.take())
                                          world->take(item);
                                      }},
                                     [&] {
                                       for (uint32_t i = 0; i < 4; ++i) world->push(i);
                                     });
  EXPECT_EQ(outcome.failure, "");
}

TEST(RunQueueModel, TheNextSlot) {
  std::optional<World<2>> world;
  const Outcome outcome = explore<2>(Bounds{.preemptions = 3, .stale = 2}, 3, world,
                                     {[&] {
                                        world->push_next(0);
                                        world->push_next(1);
                                        world->take(world->owner.take_next());
                                        world->push_next(2);
                                      },
                                      [&] {
                                        world->steal_next();
                                        world->steal(world->thief);
                                        world->steal_next();
                                      }});
  EXPECT_EQ(outcome.failure, "");
}

}  // namespace
}  // namespace model
