// What is shown of fibers in each state, of threads and of roots.
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "fiber/fiber.h"
#include "tests/unit/world/probe.h"

namespace {

using namespace std::chrono_literals;

// Of one look; written while the world stands still.
struct Seen {
  fsan_world_fiber fibers[64];
  size_t fiber_count;
  size_t thread_count;
  bool waking_elsewhere;
};
Seen seen;

size_t remember(const fsan_world& world) {
  seen.fiber_count = world.fiber_count;
  seen.thread_count = world.thread_count;
  for (size_t i = 0; i < world.fiber_count && i < 64; ++i) seen.fibers[i] = world.fibers[i];
  seen.waking_elsewhere = false;
  for (size_t i = 1; i < world.thread_count; ++i)
    seen.waking_elsewhere |= world.threads[i].may_be_waking != 0;
  return 0;
}

const fsan_world_fiber& fiber_with(uint64_t id) {
  for (size_t i = 0; i < seen.fiber_count; ++i) {
    if (seen.fibers[i].id == id) return seen.fibers[i];
  }
  static const fsan_world_fiber none = {};
  ADD_FAILURE() << "no fiber " << id;
  return none;
}

void look() {
  probe::on_stopped = remember;
  fiber::deadlock::check();
  probe::on_stopped = nullptr;
}

// Until so many fibers wait, those with a time-out left out.
void until_blocked(int count) {
  for (int blocked = 0; blocked < count; fiber::yield()) {
    seen.fiber_count = 0;
    look();
    blocked = 0;
    for (size_t i = 0; i < seen.fiber_count; ++i)
      blocked += seen.fibers[i].activity == FSAN_ACTIVITY_BLOCKED;
  }
}

class PictureTest : public testing::TestWithParam<unsigned> {};

TEST_P(PictureTest, SaysWhoMayStillRun) {
  fiber::run(
      [] {
        const fiber::Channel<int> never;
        fiber::Mutex mutex;
        mutex.lock();
        uint64_t receiver = 0, locker = 0, sleeper = 0, timed = 0, joiner = 0;
        receiver = fiber::spawn([=] { never.receive(); }).id();
        locker = fiber::spawn([&] { mutex.lock(); }).id();  // main does not unlock it
        sleeper = fiber::spawn([] { fiber::sleep_for(10min); }).id();
        timed = fiber::spawn([=] { never.receive_for(10min); }).id();
        auto target = fiber::spawn([=] { never.receive(); });
        const uint64_t target_id = target.id();
        joiner = fiber::spawn([target = std::move(target)]() mutable { target.join(); }).id();
        until_blocked(4);
        look();
        EXPECT_EQ(seen.fiber_count, 7u);
        EXPECT_EQ(fiber_with(fiber::this_fiber::id()).activity, FSAN_ACTIVITY_LIVE);
        EXPECT_EQ(fiber_with(receiver).activity, FSAN_ACTIVITY_BLOCKED);
        EXPECT_EQ(fiber_with(locker).activity, FSAN_ACTIVITY_BLOCKED);
        EXPECT_EQ(fiber_with(sleeper).activity, FSAN_ACTIVITY_LIVE);
        EXPECT_EQ(fiber_with(timed).activity, FSAN_ACTIVITY_LIVE);
        EXPECT_EQ(fiber_with(joiner).activity, FSAN_ACTIVITY_BLOCKED);
        EXPECT_EQ(probe::blocked_by[FSAN_WAIT_JOIN], target_id);
        EXPECT_EQ(probe::blocked_by[FSAN_WAIT_CHAN_RECEIVE], 0u);
      },
      {.procs = GetParam()});
}

// The program's frames begin above those of the wait: the local variable lies there, what the
// channel's queue refers to does not.
TEST_P(PictureTest, TellsTheProgramsFramesFromTheWaits) {
  fiber::run(
      [] {
        const fiber::Channel<int> never;
        const char* local = nullptr;
        const char* captured = nullptr;
        uint64_t id = 0;
        fiber::go([&local, &captured, &id, never, big = std::string(100, 'x')] {
          volatile char here[16] = {};
          local = const_cast<const char*>(&here[0]);
          captured = reinterpret_cast<const char*>(&big);
          id = fiber::this_fiber::id();
          never.receive();
          here[1] = 1;
        });
        until_blocked(1);
        look();
        const fsan_world_fiber fiber = fiber_with(id);
        EXPECT_LT(fiber.stack_pointer, fiber.user_low);
        EXPECT_LE(fiber.user_low, local);
        EXPECT_LT(local, fiber.user_high);
        EXPECT_LE(fiber.user_low, captured);
        EXPECT_LT(captured, fiber.user_high);
        EXPECT_LT(fiber.user_high, fiber.stack_high);
      },
      {.procs = GetParam()});
}

TEST_P(PictureTest, EachWaitHasItsNumber) {
  fiber::run(
      [] {
        const fiber::Channel<int> values;
        uint64_t id = 0;
        id = fiber::spawn([=] {
               for (;;) values.receive();
             }).id();
        until_blocked(1);
        look();
        const uint64_t first = fiber_with(id).wait;
        look();
        EXPECT_EQ(fiber_with(id).wait, first);
        values.send(1);
        until_blocked(1);
        EXPECT_NE(fiber_with(id).wait, first);
      },
      {.procs = GetParam()});
}

TEST_P(PictureTest, AThreadThatSleepsWakesNobody) {
  fiber::run(
      [] {
        const fiber::Channel<int> never;
        fiber::go([=] { never.receive(); });
        until_blocked(1);
        for (int i = 0; i < 100; ++i) {
          look();
          if (!seen.waking_elsewhere) break;
          fiber::sleep_for(1ms);
        }
        EXPECT_FALSE(seen.waking_elsewhere);
      },
      {.procs = GetParam()});
}

TEST(Picture, RegionsAreRoots) {
  static const void* region = nullptr;
  static int found = 0;
  fiber::run([] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    until_blocked(1);
    probe::on_stopped = [](const fsan_world& world) -> size_t {
      for (size_t i = 0; i < world.root_count; ++i) {
        const fsan_range& root = world.roots[i];
        if (root.low == region) found += root.high == static_cast<const char*>(region) + 80;
      }
      return 0;
    };
    char memory[80];
    region = memory;
    {
      const auto roots = fiber::root_region(memory, sizeof(memory));
      fiber::deadlock::check();
    }
    EXPECT_EQ(found, 1);
    fiber::deadlock::check();
    EXPECT_EQ(found, 1);
    probe::on_stopped = nullptr;
  });
}

// What only the kernel knows, and gives back with an event.
TEST(Picture, DataOfEpollAreRoots) {
  static int found = 0;
  static uint64_t data = 0;
  fiber::run([] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    until_blocked(1);
    const int epoll = epoll_create1(0);
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    data = reinterpret_cast<uint64_t>(&ends) | uint64_t{0xab} << 56;
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = data}};
    ASSERT_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), 0);
    probe::on_stopped = [](const fsan_world& world) -> size_t {
      for (size_t i = 0; i < world.root_count; ++i) {
        const auto* low = static_cast<const uint64_t*>(world.roots[i].low);
        if (world.roots[i].high == low + 1) found += *low == data;
      }
      return 0;
    };
    fiber::deadlock::check();
    EXPECT_EQ(found, 1);
    for (int end : ends) close(end);
    close(epoll);
    fiber::deadlock::check();
    EXPECT_EQ(found, 1);
    probe::on_stopped = nullptr;
  });
}

// Between its last look at main's frame and the end main's fiber is gone, the others are not.
TEST(Picture, TheLastLookIsMarked) {
  static bool over = false;
  static uint64_t main_fiber = 0;
  static bool main_is_there = false;
  fiber::run([] {
    main_fiber = fiber::this_fiber::id();
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    until_blocked(1);
    probe::on_stopped = [](const fsan_world& world) -> size_t {
      over = world.run_is_over != 0;
      main_is_there = probe::fiber_of(world, main_fiber) != nullptr;
      return 0;
    };
  });
  probe::on_stopped = nullptr;
  EXPECT_TRUE(over);
  EXPECT_FALSE(main_is_there);
}

TEST(Picture, SuspectsAreLookedAtAgain) {
  fiber::run([] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    until_blocked(1);
    probe::on_stopped = [](const fsan_world&) -> size_t { return 1; };
    const int before = probe::moved_again;
    const auto begun = std::chrono::steady_clock::now();
    fiber::deadlock::check();
    EXPECT_EQ(probe::moved_again - before, 2);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 100ms);
    probe::on_stopped = nullptr;
  });
}

TEST(Picture, TheMonitorLooksByItself) {
  probe::check_ms = 5;
  fiber::run([] {
    const fiber::Channel<int> never;
    fiber::go([=] { never.receive(); });
    const int before = probe::moved_again;
    while (probe::moved_again < before + 3) fiber::sleep_for(1ms);
  });
  probe::check_ms = 0;
}

INSTANTIATE_TEST_SUITE_P(Processors, PictureTest, testing::Values(1, 2, 4),
                         [](const auto& of) { return "procs" + std::to_string(of.param); });

}  // namespace
