// Walking frames, keeping stacks, and getting them back by calling context.
#include "detector/history/stack.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "detector/history/context.h"
#include "detector/history/frames.h"
#include "detector/history/stack_table.h"
#include "detector/history/stack_trie.h"

namespace fibersan {
namespace {

// A made-up stack: frames of {caller, return address} in an array.
struct FakeStack {
  alignas(16) uintptr_t words[64] = {};

  uintptr_t at(size_t word) const { return reinterpret_cast<uintptr_t>(&words[word]); }
  const void* frame(size_t word) const { return &words[word]; }
  void link(size_t from, uintptr_t caller, uintptr_t return_address) {
    words[from] = caller;
    words[from + 1] = return_address;
  }
  StackBounds bounds() const { return {at(0), at(64)}; }
};

std::vector<uintptr_t> pcs(const Stack& stack) { return {stack.pcs, stack.pcs + stack.count}; }

TEST(Frames, FollowsTheChain) {
  FakeStack fake;
  fake.link(4, fake.at(10), 0x400010);
  fake.link(10, fake.at(20), 0x400020);
  fake.link(20, 0, 0x400030);
  EXPECT_EQ(pcs(walk_frames(fake.frame(4), 0x400010, fake.bounds())),
            (std::vector<uintptr_t>{0x400010, 0x400020, 0x400030}));
  EXPECT_EQ(pcs(walk_frames(fake.frame(4), 0, fake.bounds())),
            (std::vector<uintptr_t>{0x400010, 0x400020, 0x400030}));
}

TEST(Frames, StopsAtWhatIsNoFrame) {
  FakeStack fake;
  std::vector<uintptr_t> only_two = {0x400010, 0x400020};
  for (uintptr_t bad : {uintptr_t{1}, fake.at(10) - 8, fake.at(4), fake.at(20) + 4, fake.at(63),
                        fake.at(64), fake.at(64) + 16, ~uintptr_t{0} - 7}) {
    fake.link(4, fake.at(10), 0x400010);
    fake.link(10, bad, 0x400020);
    fake.link(20, 0, 0x400030);
    EXPECT_EQ(pcs(walk_frames(fake.frame(4), 0x400010, fake.bounds())), only_two) << bad;
  }
}

TEST(Frames, ZeroReturnAddressIsTheEnd) {
  FakeStack fake;
  fake.link(4, fake.at(10), 0x400010);
  fake.link(10, fake.at(20), 0);
  EXPECT_EQ(walk_frames(fake.frame(4), 0x400010, fake.bounds()).count, 1u);
}

TEST(Frames, OutsideTheBoundsOnlyThePcIsKnown) {
  FakeStack fake;
  fake.link(4, fake.at(10), 0x400010);
  EXPECT_EQ(pcs(walk_frames(fake.frame(4), 0x77, StackBounds{0x1000, 0x2000})),
            (std::vector<uintptr_t>{0x77}));
  EXPECT_EQ(walk_frames(fake.frame(4), 0, StackBounds{}).count, 0u);
}

__attribute__((noinline)) Stack current_stack(StackBounds bounds) {
  return walk_frames(__builtin_frame_address(0),
                     reinterpret_cast<uintptr_t>(__builtin_return_address(0)), bounds);
}

__attribute__((noinline)) Stack recurse(int depth, StackBounds bounds) {
  Stack stack = depth == 0 ? current_stack(bounds) : recurse(depth - 1, bounds);
  asm volatile("" ::: "memory");  // no tail call
  return stack;
}

TEST(Frames, RealRecursionIsAsDeepAsItIs) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  StackBounds bounds = {here - 65536, here + 4096};
  Stack shallow = recurse(3, bounds);
  Stack deep = recurse(13, bounds);
  ASSERT_GT(shallow.count, 4u);
  EXPECT_EQ(deep.count, shallow.count + 10);
  EXPECT_EQ(deep.pcs[3], deep.pcs[4]) << "the recursive call site repeats";
}

TEST(Frames, VeryDeepStacksAreCutAndSaySo) {
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  StackBounds bounds = {here - 4'000'000, here + 4096};
  Stack stack = recurse(2 * kMaxFrames, bounds);
  EXPECT_EQ(stack.count, kMaxFrames);
  EXPECT_TRUE(stack.cut);
}

Stack make(std::initializer_list<uintptr_t> list) {
  Stack stack;
  for (uintptr_t pc : list) stack.push(pc);
  return stack;
}

TEST(StackTable, GivesBackWhatWasPutIn) {
  StackId a = add_stack(make({1001, 1002, 1003}));
  StackId b = add_stack(make({1004, 1002, 1003}));
  StackId c = add_stack(make({1002, 1003}));
  EXPECT_EQ(pcs(stack_of_id(a)), (std::vector<uintptr_t>{1001, 1002, 1003}));
  EXPECT_EQ(pcs(stack_of_id(b)), (std::vector<uintptr_t>{1004, 1002, 1003}));
  EXPECT_EQ(pcs(stack_of_id(c)), (std::vector<uintptr_t>{1002, 1003}));
  EXPECT_EQ(add_stack(make({1001, 1002, 1003})), a);
  EXPECT_EQ(add_stack(Stack()), 0u);
  EXPECT_TRUE(stack_of_id(0).empty());
}

TEST(StackTable, ManyStacksFromManyThreads) {
  constexpr uintptr_t kStacks = 20'000;
  std::vector<StackId> ids[4];
  std::vector<std::thread> threads;
  for (auto& mine : ids) {
    threads.emplace_back([&mine] {
      for (uintptr_t i = 0; i < kStacks; ++i) mine.push_back(add_stack(make({i, i / 7, 5})));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& mine : ids) EXPECT_EQ(mine, ids[0]);
  for (uintptr_t i = 0; i < kStacks; ++i) {
    ASSERT_EQ(pcs(stack_of_id(ids[0][i])), (std::vector<uintptr_t>{i, i / 7, 5}));
  }
}

TEST(StackTrie, AFullOneKeepsWhatItHas) {
  static StackTrie trie(4);
  const StackTrie::Id kept = trie.add(make({1001, 1002, 1003}));
  EXPECT_EQ(trie.add(make({1004, 1005, 1003})), 0u) << "room for one more frame only";
  EXPECT_EQ(trie.add(make({1001, 1002, 1003})), kept);
  EXPECT_EQ(pcs(trie.get(kept)), (std::vector<uintptr_t>{1001, 1002, 1003}));
  trie.clear();
  const StackTrie::Id other = trie.add(make({1004, 1005, 1003}));
  EXPECT_EQ(pcs(trie.get(other)), (std::vector<uintptr_t>{1004, 1005, 1003}));
}

TEST(Context, FirstSightKeepsTheStack) {
  FakeStack fake;
  fake.link(4, fake.at(10), 0x500010);
  fake.link(10, 0, 0x500020);
  uint64_t hash = note_access_context(77, 0x500010, fake.frame(4), fake.bounds());
  EXPECT_NE(hash, 0u);
  EXPECT_EQ(pcs(stack_of(hash)), (std::vector<uintptr_t>{0x500010, 0x500020}));
  // Known now: the frames are not looked at again.
  EXPECT_EQ(note_access_context(77, 0x500010, nullptr, StackBounds{}), hash);
  EXPECT_EQ(pcs(stack_of(hash)), (std::vector<uintptr_t>{0x500010, 0x500020}));
  // An event that keeps its stack for ever keeps it elsewhere.
  const StackId id = note_stack(77, 0x500010, fake.frame(4), fake.bounds());
  EXPECT_EQ(stack_of_id(id), stack_of(hash));
  EXPECT_EQ(note_stack(77, 0x500010, nullptr, StackBounds{}), id);

  EXPECT_EQ(note_access_context(78, 0x500010, fake.frame(4), fake.bounds()), hash)
      << "another number for the same frames";
  fake.link(10, 0, 0x500030);
  EXPECT_NE(note_access_context(79, 0x500010, fake.frame(4), fake.bounds()), hash);
  EXPECT_NE(note_access_context(77, 0x500011, fake.frame(4), fake.bounds()), hash);
  EXPECT_TRUE(stack_of(hash + (uint64_t{1} << 32)).empty()) << "of a generation to come";
}

TEST(Context, TheTableGrowsWhileItIsRead) {
  constexpr uint64_t kContexts = 50'000;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&wrong] {
      FakeStack fake;
      for (uint64_t i = 0; i < kContexts; ++i) {
        uintptr_t pc = 0x600000 + i;
        fake.link(4, 0, pc);
        uint64_t hash = note_access_context(i * 3, pc, fake.frame(4), fake.bounds());
        Stack stack = stack_of(hash);
        if (stack.count != 1 || stack.pcs[0] != pc) wrong.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

// C1: new stacks without end. The last half million are there, memory is bounded.
TEST(Context, OldStacksAreForgotten) {
  FakeStack fake;
  const uint64_t before = forgotten_generations();
  fake.link(4, 0, 0x500020);
  note_access_context(76, 0x500010, fake.frame(4), fake.bounds());
  std::vector<uint64_t> noted;
  for (uintptr_t i = 0; i < 3'500'000; ++i) {
    fake.link(4, 0, 0x10'0000'0000 + i);
    noted.push_back(note_access_context(i, 0x10'0000'0000 + i, fake.frame(4), fake.bounds()));
  }
  EXPECT_GE(forgotten_generations(), before + 1);
  EXPECT_TRUE(stack_of(noted[0]).empty());
  for (size_t i = noted.size() - 1'000'000; i < noted.size(); i += 997)
    ASSERT_EQ(pcs(stack_of(noted[i])), (std::vector<uintptr_t>{0x10'0000'0000 + i})) << i;
  // One that was forgotten and comes again is walked again.
  fake.link(4, 0, 0x500010);
  const uint64_t again = note_access_context(76, 0x500010, fake.frame(4), fake.bounds());
  EXPECT_EQ(pcs(stack_of(again)), (std::vector<uintptr_t>{0x500010}));
}

}  // namespace
}  // namespace fibersan
