// The run queue with a capacity of 4, so that every operation meets overflow and wrap-around,
// against a model; then one owner against three thieves.
#include "runtime/run_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace fiber::internal {
namespace {

struct Item {
  int value = 0;  // plain: written by the pusher, read by whoever takes it
};

using Queue = RunQueue<Item, 4>;
using Overflow = Queue::Overflow;

std::vector<int> values(const Overflow& overflow) {
  std::vector<int> result;
  for (uint32_t i = 0; i < overflow.count; ++i) result.push_back(overflow.items[i]->value);
  return result;
}

// As the scheduler does it.
void push(Queue& queue, Item* item, Overflow& overflow) {
  while (!queue.push(item)) {
    if (!queue.take_half(overflow)) continue;
    overflow.append(item);
    return;
  }
}
void push_next(Queue& queue, Item* item, Overflow& overflow) {
  if (Item* displaced = queue.push_next(item)) push(queue, displaced, overflow);
}

struct RunQueueTest : testing::Test {
  RunQueueTest() {
    for (int i = 0; i < 16; ++i) items[i].value = i;
  }
  std::vector<int> drain(Queue& queue) {
    std::vector<int> result;
    while (Item* item = queue.take()) result.push_back(item->value);
    return result;
  }
  Item items[16];
  Queue queue;
  Overflow overflow;
};

TEST_F(RunQueueTest, FirstInFirstOut) {
  for (int i = 0; i < 4; ++i) push(queue, &items[i], overflow);
  EXPECT_EQ(overflow.count, 0u);
  EXPECT_EQ(drain(queue), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(queue.empty());
}

TEST_F(RunQueueTest, AFullRingGivesItsOlderHalfAndTheNewItemAway) {
  for (int i = 0; i < 5; ++i) push(queue, &items[i], overflow);
  EXPECT_EQ(values(overflow), (std::vector<int>{0, 1, 4}));
  EXPECT_EQ(drain(queue), (std::vector<int>{2, 3}));
}

TEST_F(RunQueueTest, TheNextSlotDisplacesIntoTheRing) {
  push_next(queue, &items[0], overflow);
  push_next(queue, &items[1], overflow);
  EXPECT_EQ(queue.peek_next(), &items[1]);
  EXPECT_EQ(queue.take_next(), &items[1]);
  EXPECT_EQ(queue.take_next(), nullptr);
  EXPECT_EQ(drain(queue), (std::vector<int>{0}));
}

TEST_F(RunQueueTest, StealTakesTheOlderHalfRoundedUp) {
  for (int i = 0; i < 3; ++i) push(queue, &items[i], overflow);
  Queue thief;
  EXPECT_EQ(queue.steal_into(thief)->value, 1);  // the last of the half runs at once
  EXPECT_EQ(drain(thief), (std::vector<int>{0}));
  EXPECT_EQ(queue.steal_into(thief)->value, 2);
  EXPECT_EQ(queue.steal_into(thief), nullptr);
}

TEST_F(RunQueueTest, StealNextOnlyWhatWasSeen) {
  push_next(queue, &items[0], overflow);
  EXPECT_FALSE(queue.steal_next(&items[1]));
  EXPECT_TRUE(queue.steal_next(&items[0]));
  EXPECT_TRUE(queue.empty());
}

TEST_F(RunQueueTest, ClearForgetsRingAndSlot) {
  push(queue, &items[0], overflow);
  push_next(queue, &items[1], overflow);
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.take(), nullptr);
}

// Random operations of the owner and of a thief, one at a time, against deques.
TEST_F(RunQueueTest, AgreesWithAModel) {
  std::mt19937 random(1);
  Queue thief;
  std::deque<int> model;
  std::deque<int> thief_model;
  std::vector<Item*> unused;
  for (Item& item : items) unused.push_back(&item);
  const auto give_back = [&](int value) { unused.push_back(&items[value]); };
  for (int step = 0; step < 200'000; ++step) {
    switch (random() % 4) {
      case 0:
      case 1: {
        if (unused.empty()) break;
        Item* item = unused.back();
        unused.pop_back();
        Overflow out;
        push(queue, item, out);
        if (model.size() < 4) {
          ASSERT_EQ(out.count, 0u);
          model.push_back(item->value);
          break;
        }
        ASSERT_EQ(values(out), (std::vector<int>{model[0], model[1], item->value}));
        model.erase(model.begin(), model.begin() + 2);
        for (int value : values(out)) give_back(value);
        break;
      }
      case 2: {
        Item* item = queue.take();
        ASSERT_EQ(item == nullptr, model.empty());
        if (item == nullptr) break;
        ASSERT_EQ(item->value, model.front());
        model.pop_front();
        give_back(item->value);
        break;
      }
      case 3: {
        while (Item* item = thief.take()) {
          ASSERT_EQ(item->value, thief_model.front());
          thief_model.pop_front();
          give_back(item->value);
        }
        Item* item = queue.steal_into(thief);
        const size_t half = model.size() - model.size() / 2;
        ASSERT_EQ(item == nullptr, half == 0);
        if (item == nullptr) break;
        thief_model.assign(model.begin(), model.begin() + static_cast<long>(half) - 1);
        ASSERT_EQ(item->value, model[half - 1]);
        model.erase(model.begin(), model.begin() + static_cast<long>(half));
        give_back(item->value);
        break;
      }
    }
  }
}

// Every item arrives once, with what its pusher wrote into it.
TEST(RunQueueRace, OneOwnerThreeThieves) {
  constexpr int kItems = 200'000;
  constexpr int kThieves = 3;
  std::vector<Item> items(kItems);
  std::vector<std::atomic<int>> seen(kItems);
  Queue queue;
  std::atomic<bool> done{false};
  const auto count = [&](Item* item) {
    seen[static_cast<size_t>(item - items.data())].fetch_add(item->value,
                                                             std::memory_order_relaxed);
  };
  std::vector<std::thread> thieves;
  for (int i = 0; i < kThieves; ++i) {
    thieves.emplace_back([&] {
      Queue own;
      // acquire: the last pushes are visible in the last round.
      for (bool last = false; !last;) {
        last = done.load(std::memory_order_acquire);
        Item* item = queue.steal_into(own);
        if (item != nullptr) {
          count(item);
          last = false;
        }
        while (Item* more = own.take()) count(more);
        if (Item* next = queue.peek_next(); next != nullptr && queue.steal_next(next)) count(next);
      }
    });
  }
  std::mt19937 random(2);
  for (Item& item : items) {
    item.value = 1;
    Overflow overflow;
    if (random() % 4 == 0) {
      push_next(queue, &item, overflow);
    } else {
      push(queue, &item, overflow);
    }
    for (uint32_t i = 0; i < overflow.count; ++i) count(overflow.items[i]);
    if (random() % 3 == 0) {
      if (Item* own = queue.take()) count(own);
    }
    if (random() % 3 == 0) {
      if (Item* own = queue.take_next()) count(own);
    }
  }
  done.store(true, std::memory_order_release);
  for (std::thread& thief : thieves) thief.join();
  while (Item* item = queue.take()) count(item);
  if (Item* item = queue.take_next()) count(item);
  for (int i = 0; i < kItems; ++i) ASSERT_EQ(seen[static_cast<size_t>(i)], 1) << i;
}

}  // namespace
}  // namespace fiber::internal
