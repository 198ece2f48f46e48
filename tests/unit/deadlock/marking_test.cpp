// Who can never run again, on worlds made by hand.
#include "detector/deadlock/marking.h"

#include <gtest/gtest.h>

#include <sys/mman.h>

#include "detector/race/held_locks.h"
#include "tests/unit/deadlock/small_world.h"

namespace fibersan {
namespace {

uintptr_t word(const void* pointer) { return address_of(pointer); }

TEST(Marking, WhoeverWaitsForWhatNobodyReachesIsDead) {
  SmallWorld world;
  world.live();
  EXPECT_TRUE(world.is_dead(world.receives(world.block())));
}

TEST(Marking, AnObjectInALiveFibersFramesIsReached) {
  SmallWorld world;
  auto& live = world.live();
  auto* channel = world.block();
  auto& waiter = world.receives(channel);
  live.frames()[5] = word(channel);
  EXPECT_FALSE(world.is_dead(waiter));
  world.free(channel);
  EXPECT_FALSE(world.is_dead(waiter)) << "what is not known any more";
}

TEST(Marking, RootsOfEveryKind) {
  SmallWorld world;
  auto* a = world.block();
  auto* b = world.block();
  auto* c = world.block();
  auto* d = world.block();
  for (auto* channel : {a, b, c, d}) world.receives(channel);
  EXPECT_EQ(world.dead(), std::vector<bool>(4, true));
  world.globals()[3] = word(a);
  const uintptr_t timer[] = {0, word(b)};
  world.root(timer, timer + 2);
  const uintptr_t registers[] = {word(c)};
  world.thread().registers = {registers, registers + 1};
  const uintptr_t mapped[] = {word(d)};
  world.mapped.push_back({word(mapped), word(mapped + 1)});
  EXPECT_EQ(world.dead(), std::vector<bool>(4, false));
}

TEST(Marking, TaggedAndInteriorPointersCount) {
  SmallWorld world;
  auto* channel = world.block(512);
  auto& waiter = world.receives(channel);
  for (const uintptr_t pointer :
       {word(channel) | 7, word(channel) + 511, word(channel) | uintptr_t{0xfffa} << 48,
        (word(channel) + 255) | uintptr_t{0x8000} << 48}) {
    world.globals()[0] = pointer;
    EXPECT_FALSE(world.is_dead(waiter)) << std::hex << pointer;
  }
  for (const uintptr_t pointer : {word(channel) + 512, word(channel) - 8, ~word(channel)}) {
    world.globals()[0] = pointer;
    EXPECT_TRUE(world.is_dead(waiter)) << std::hex << pointer;
  }
}

TEST(Marking, ThroughChainsOfBlocks) {
  SmallWorld world;
  auto* channel = world.block();
  auto& waiter = world.receives(channel);
  auto* first = world.block();
  auto* last = first;
  for (int i = 0; i < 1000; ++i) {
    auto* next = world.block(32 + static_cast<size_t>(i) * 5);
    last[1] = word(next);
    last = next;
  }
  last[0] = word(channel);
  EXPECT_TRUE(world.is_dead(waiter));
  world.globals()[0] = word(first);
  EXPECT_FALSE(world.is_dead(waiter));
}

TEST(Marking, LargeBlocksAreReadAndFoundFromInside) {
  SmallWorld world;
  auto* channel = world.block();
  auto& waiter = world.receives(channel);
  auto* large = world.block(3 << 20);
  auto* behind = world.block();
  large[(3 << 20) / 8 - 1] = word(channel);
  world.globals()[0] = word(behind);
  EXPECT_TRUE(world.is_dead(waiter));
  for (const size_t offset :
       {size_t{0}, size_t{8}, size_t{4096}, size_t{1 << 20}, size_t{(3 << 20) - 8}}) {
    world.globals()[0] = word(large) + offset;
    EXPECT_FALSE(world.is_dead(waiter)) << offset;
  }
}

TEST(Marking, APageThatCannotBeReadIsNoFault) {
  SmallWorld world;
  auto* channel = world.block();
  auto& waiter = world.receives(channel);
  auto* large = world.block(5 * 4096);
  large[5 * 512 - 1] = word(channel);
  const uintptr_t page = (word(large) + 4096) & ~uintptr_t{4095};
  ASSERT_EQ(mprotect(reinterpret_cast<void*>(page), 4096, PROT_NONE), 0);
  world.globals()[0] = word(large);
  EXPECT_FALSE(world.is_dead(waiter));
}

TEST(Marking, StacksOfTheDeadLeadNowhere) {
  SmallWorld world;
  world.live();
  auto* a = world.block();
  auto* b = world.block();
  auto& first = world.receives(a);
  auto& second = world.receives(b);
  first.frames()[0] = word(b);
  second.frames()[0] = word(a);
  EXPECT_TRUE(world.is_dead(first));
  EXPECT_TRUE(world.is_dead(second));
  world.globals()[0] = word(a);
  EXPECT_FALSE(world.is_dead(first));
  EXPECT_FALSE(world.is_dead(second));
}

TEST(Marking, AnObjectOnABlockedStack) {
  SmallWorld world;
  auto& live = world.live();
  auto& waiter = world.receives(nullptr);
  const void* group = waiter.frames() + 7;
  waiter.objects = {group};
  waiter.detector.waiting.reason = FSAN_WAIT_WAITGROUP_WAIT;
  waiter.detector.waiting.count = 1;
  waiter.detector.waiting.only = group;
  EXPECT_TRUE(world.is_dead(waiter));
  live.frames()[0] = word(waiter.wait() + 3);  // a queue
  EXPECT_TRUE(world.is_dead(waiter));
  live.frames()[0] = word(waiter.record() + 3);  // a run queue
  EXPECT_TRUE(world.is_dead(waiter));
  live.frames()[0] = word(group);
  EXPECT_FALSE(world.is_dead(waiter));
}

TEST(Marking, WhatABlockedFiberHasOnItsStackMayBeReachedWithoutIt) {
  SmallWorld world;
  auto& live = world.live();
  auto* a = world.block();
  auto* b = world.block();
  auto& owner = world.receives(a);
  auto& waiter = world.receives(b);
  owner.frames()[9] = word(b);
  live.frames()[0] = word(owner.frames() + 1);
  EXPECT_TRUE(world.is_dead(owner));
  EXPECT_FALSE(world.is_dead(waiter));
}

TEST(Marking, SelectNeedsOneOfItsChannels) {
  SmallWorld world;
  world.live();
  std::vector<const void*> channels;
  for (int i = 0; i < 40; ++i) channels.push_back(world.block());
  channels.push_back(nullptr);
  auto& waiter = world.blocked(FSAN_WAIT_SELECT, channels);
  EXPECT_TRUE(world.is_dead(waiter));
  for (const size_t i : {0, 15, 16, 39}) {
    world.globals()[0] = word(channels[i]);
    EXPECT_FALSE(world.is_dead(waiter)) << i;
  }
}

TEST(Marking, NothingComesOfNilChannelsAndEmptySelects) {
  SmallWorld world;
  world.live();
  EXPECT_TRUE(world.is_dead(world.blocked(FSAN_WAIT_NIL_CHAN_RECEIVE, {nullptr})));
  EXPECT_TRUE(world.is_dead(world.blocked(FSAN_WAIT_SELECT, {})));
  EXPECT_TRUE(world.is_dead(world.blocked(FSAN_WAIT_SELECT, {nullptr, nullptr})));
}

TEST(Marking, WhatIsNotUnderstoodIsLive) {
  SmallWorld world;
  auto* channel = world.block();
  auto& timed = world.receives(channel);
  timed.detector.waiting.timed = true;
  auto& quiet = world.receives(channel);
  quiet.detector.waiting.ends();
  auto& untold = world.receives(channel);
  untold.world.fiber = nullptr;
  auto& sleeper = world.blocked(FSAN_WAIT_SLEEP, {});
  EXPECT_FALSE(world.is_dead(world.receives(&world))) << "an object in unknown memory";
  for (auto* fiber : {&timed, &quiet, &untold, &sleeper}) EXPECT_FALSE(world.is_dead(*fiber));
}

TEST(Marking, AMutexComesFreeWhenItsHolderLives) {
  SmallWorld world;
  auto& live = world.live();
  auto* mutex = world.block();
  auto* channel = world.block();
  auto& holder = world.receives(channel);
  auto& waiter = world.blocked(FSAN_WAIT_MUTEX_LOCK, {mutex});
  live.frames()[0] = word(mutex);
  EXPECT_FALSE(world.is_dead(waiter)) << "who holds it is not known";
  world.holds(holder, mutex);
  EXPECT_TRUE(world.is_dead(waiter));
  live.frames()[1] = word(channel);
  EXPECT_FALSE(world.is_dead(waiter));
}

TEST(Marking, AMutexThatAFiberEndedWithNeverComesFree) {
  static const uintptr_t mutex = 0, other = 0;  // remembered from then on
  SmallWorld world;
  auto& waiter = world.blocked(FSAN_WAIT_MUTEX_LOCK, {&mutex});
  auto& writer = world.blocked(FSAN_WAIT_RWMUTEX_LOCK, {&other});
  EXPECT_FALSE(world.is_dead(waiter)) << "anybody may have it";
  EXPECT_FALSE(world.is_dead(writer));
  fsan_fiber ended;
  ended.held_locks.add({&mutex, 0, true});
  ended.held_locks.add({&other, 0, true});
  note_left_locked(ended);
  EXPECT_TRUE(world.is_dead(waiter));
  EXPECT_TRUE(world.is_dead(writer));
}

TEST(Marking, TwoMutexesCrossed) {
  SmallWorld world;
  auto& live = world.live();
  auto* a = world.block();
  auto* b = world.block();
  live.frames()[0] = word(a);
  live.frames()[1] = word(b);
  auto& first = world.blocked(FSAN_WAIT_MUTEX_LOCK, {b});
  auto& second = world.blocked(FSAN_WAIT_MUTEX_LOCK, {a});
  world.holds(first, a);
  EXPECT_FALSE(world.is_dead(first));
  EXPECT_FALSE(world.is_dead(second));
  world.holds(second, b);
  EXPECT_TRUE(world.is_dead(first));
  EXPECT_TRUE(world.is_dead(second));
}

TEST(Marking, AWriterNeedsAllReaders) {
  SmallWorld world;
  auto& live = world.live();
  auto* lock = world.block();
  auto& waiter = world.blocked(FSAN_WAIT_RWMUTEX_LOCK, {lock});
  auto& reader_behind = world.blocked(FSAN_WAIT_RWMUTEX_READ_LOCK, {lock});
  live.frames()[0] = word(lock);
  world.holds(live, lock, false);
  EXPECT_FALSE(world.is_dead(waiter));
  auto& reader = world.receives(world.block());
  world.holds(reader, lock, false);
  EXPECT_TRUE(world.is_dead(waiter));
  EXPECT_TRUE(world.is_dead(reader_behind));
  waiter.detector.waiting.timed = true;  // it gives up, and the reader behind goes on
  EXPECT_FALSE(world.is_dead(reader_behind));
}

TEST(Marking, AReaderNeedsTheWriterOnly) {
  SmallWorld world;
  auto& live = world.live();
  auto* lock = world.block();
  auto& waiter = world.blocked(FSAN_WAIT_RWMUTEX_READ_LOCK, {lock});
  auto& reader = world.receives(world.block());
  world.holds(reader, lock, false);
  live.frames()[0] = word(lock);
  EXPECT_FALSE(world.is_dead(waiter));
  auto& writer = world.receives(world.block());
  world.holds(writer, lock);
  EXPECT_TRUE(world.is_dead(waiter));
}

TEST(Marking, AnUpgradeWaitsForItself) {
  SmallWorld world;
  auto& live = world.live();
  auto* lock = world.block();
  auto& waiter = world.blocked(FSAN_WAIT_RWMUTEX_LOCK, {lock});
  live.frames()[0] = word(lock);
  world.holds(waiter, lock, false);
  EXPECT_TRUE(world.is_dead(waiter));
}

TEST(Marking, AJoinEndsWithItsFiber) {
  SmallWorld world;
  auto& live = world.live();
  auto* state = world.block();
  auto* channel = world.block();
  auto& target = world.receives(channel);
  auto& joiner = world.blocked(FSAN_WAIT_JOIN, {state});
  joiner.detector.waiting.blocked_by = target.info.id;
  live.frames()[0] = word(state);
  EXPECT_TRUE(world.is_dead(joiner));
  joiner.detector.waiting.blocked_by = 77;  // it ends at this moment
  EXPECT_FALSE(world.is_dead(joiner));
  joiner.detector.waiting.blocked_by = 0;
  EXPECT_FALSE(world.is_dead(joiner));
  live.frames()[0] = 0;
  EXPECT_TRUE(world.is_dead(joiner));
  joiner.detector.waiting.blocked_by = target.info.id;
  live.frames()[0] = word(channel);
  EXPECT_FALSE(world.is_dead(joiner));
}

TEST(Marking, TwentyThousandJoinEachOther) {
  SmallWorld world;
  auto* channel = world.block();
  auto* last = &world.receives(channel);
  for (int i = 0; i < 20'000; ++i) {
    auto& next = world.blocked(FSAN_WAIT_JOIN, {channel});
    next.detector.waiting.blocked_by = last->info.id;
    last = &next;
  }
  EXPECT_TRUE(world.is_dead(*last));
  world.globals()[0] = word(channel);
  EXPECT_FALSE(world.is_dead(*last));
}

TEST(Marking, WhoIsAboutToBeWokenLives) {
  SmallWorld world;
  auto& waiter = world.receives(world.block());
  auto& other = world.receives(world.block());
  const uintptr_t registers[] = {word(waiter.wait() + 2)};
  auto& thread = world.thread();
  thread.registers = {registers, registers + 1};
  EXPECT_TRUE(world.is_dead(waiter));
  thread.may_be_waking = 1;
  EXPECT_FALSE(world.is_dead(waiter));
  EXPECT_TRUE(world.is_dead(other));
}

TEST(Marking, AFiberThatRunsIsLiveAndItsThreadsOwnStackARoot) {
  SmallWorld world;
  auto* a = world.block();
  auto* b = world.block();
  auto& runs = world.receives(a);
  auto& waiter = world.receives(b);
  runs.frames()[1] = word(b);
  auto& thread = world.thread();
  thread.stack_pointer = runs.frames();
  EXPECT_FALSE(world.is_dead(runs));
  EXPECT_FALSE(world.is_dead(waiter));
}

TEST(Marking, BelongingsAndExceptionsOfALiveFiber) {
  SmallWorld world;
  auto* a = world.block();
  auto* b = world.block();
  auto* exception = world.block();
  auto& first = world.receives(a);
  auto& second = world.receives(b);
  auto& live = world.live();
  const uintptr_t locals[] = {word(a)};
  live.world.belongings = {locals, locals + 1};
  exception[3] = word(b);
  live.world.caught_exceptions = exception;
  EXPECT_FALSE(world.is_dead(first));
  EXPECT_FALSE(world.is_dead(second));
}

TEST(Marking, WhatOnlyAReturnedMainHadIsOutOfReach) {
  SmallWorld world;
  auto& main = world.fiber(FSAN_ACTIVITY_GONE);
  auto* channel = world.block();
  auto& waiter = world.receives(channel);
  auto& on_its_stack = world.blocked(FSAN_WAIT_WAITGROUP_WAIT, {main.frames() + 1});
  main.frames()[0] = word(channel);
  EXPECT_TRUE(world.is_dead(waiter));
  EXPECT_TRUE(world.is_dead(on_its_stack));
}

TEST(Marking, TheRecordOfALiveFiberIsReadThoughLast) {
  SmallWorld world;
  auto* channel = world.block();
  auto& waiter = world.receives(channel);
  auto& live = world.live();
  auto* between = world.block();
  live.record()[7] = word(between);
  EXPECT_TRUE(world.is_dead(waiter));
  between[1] = word(channel);
  EXPECT_FALSE(world.is_dead(waiter));
}

// R5
TEST(Marking, OneThatWaitsBrieflyIsNotSearchedFor) {
  SmallWorld world;
  world.live();
  auto* channel = world.block();
  auto& brief = world.receives(world.block());
  auto& waiter = world.receives(channel);
  brief.world.waits_briefly = 1;
  brief.frames()[0] = word(channel);
  EXPECT_TRUE(world.is_dead(brief)) << "everything was searched";
  EXPECT_TRUE(world.is_dead(waiter)) << "what waits is no root";
  EXPECT_EQ(world.unnamed(), 1u);
  waiter.detector.waiting.reported = true;
  EXPECT_FALSE(world.is_dead(brief));
  EXPECT_EQ(world.bytes_read(), 0u);
}

// R3: otherwise each look after a finding would read the whole heap.
TEST(Marking, OneThatAFindingNamedIsNotSearchedFor) {
  SmallWorld world;
  auto& named = world.receives(world.block());
  world.live();
  EXPECT_TRUE(world.is_dead(named));
  EXPECT_EQ(world.unnamed(), 1u);
  EXPECT_GT(world.bytes_read(), 0u);
  named.detector.waiting.reported = true;
  EXPECT_TRUE(world.is_dead(named));
  EXPECT_EQ(world.unnamed(), 0u);
  EXPECT_EQ(world.bytes_read(), 0u);
  EXPECT_TRUE(world.is_dead(world.receives(world.block())));
  EXPECT_EQ(world.unnamed(), 1u);
  named.detector.waiting.reported = false;  // as the hook says
  EXPECT_TRUE(world.is_dead(named)) << "it waits anew";
  EXPECT_EQ(world.unnamed(), 2u);
}

}  // namespace
}  // namespace fibersan
