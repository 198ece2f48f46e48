// dump_fibers(): what it says of fibers in every state, and that nothing it meets is a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

#include "fiber/blocking.h"
#include "fiber/debug.h"
#include "fiber/fiber.h"
#include "runtime/stack_walk.h"

// Outside of namespace fiber, whose frames dumps leave out.
namespace dump_test {

using fiber::Channel;

std::string dump() {
  std::FILE* file = std::tmpfile();
  fiber::dump_fibers(file);
  std::string text(static_cast<size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
  return text;
}

__attribute__((noinline)) void wait_here(const Channel<int>& channel) {
  channel.receive();
  asm volatile("");  // no tail call: the frame is what the test looks for
}

__attribute__((noinline)) void start_waiter(const Channel<int>& channel) {
  fiber::go({.name = "waiter"}, [channel] { wait_here(channel); });
  asm volatile("");
}

std::atomic<bool> stop_spinning;

__attribute__((noinline)) void spin_here() {
  while (!stop_spinning.load(std::memory_order_relaxed)) {
  }
  asm volatile("");
}

template <int kDepth>
__attribute__((noinline)) void nested(const Channel<int>& channel, int depth) {
  if (depth == 0) {
    channel.receive();
  } else {
    nested<kDepth>(channel, depth - 1);
  }
  asm volatile("");
}

__attribute__((noinline)) std::string dump_here() {
  std::string text = dump();
  asm volatile("");
  return text;
}

template <class F>
__attribute__((noinline)) void block_here(F&& call) {
  fiber::blocking(call);
  asm volatile("");
}

}  // namespace dump_test

#if __has_feature(address_sanitizer)
// Runs here end while fibers are left, which keep what they own.
extern "C" int __lsan_is_turned_off() { return 1; }
#endif

namespace fiber {
namespace {

using namespace dump_test;

using namespace std::chrono_literals;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// The part of a dump that speaks of one fiber.
std::string about(const std::string& text, const std::string& name) {
  const size_t at = text.find("'" + name + "'");
  if (at == std::string::npos) return "";
  return text.substr(at, text.find("\n\n", at) - at);
}

TEST(Dump, AWaitingFiberHasReasonTimeStackAndCreator) {
  std::string text;
  std::chrono::duration<double> waited{};  // at most: a busy machine may make it long
  run([&] {
    Channel<int> channel;
    const auto start = std::chrono::steady_clock::now();
    start_waiter(channel);
    sleep_for(60ms);
    text = about(dump(), "waiter");
    waited = std::chrono::steady_clock::now() - start;
    channel.close();
  });
  double shown = 0;
  const size_t reason = text.find("[chan receive, ");
  ASSERT_NE(reason, std::string::npos) << text;
  ASSERT_EQ(std::sscanf(text.c_str() + reason, "[chan receive, %lf s]", &shown), 1) << text;
  EXPECT_GT(shown, 0.03);
  EXPECT_LE(shown, waited.count() + 0.01);
  EXPECT_THAT(text, HasSubstr("wait_here"));
  EXPECT_THAT(text, ContainsRegex("created by fiber [0-9]+ at .*start_waiter"));
  EXPECT_THAT(text, Not(HasSubstr("fiber_entry")));
}

TEST(Dump, AFiberThatRunsOnAnotherThreadHasItsStack) {
  std::string text;
  std::atomic<bool> spins{false};
  stop_spinning = false;
  run(
      [&] {
        go({.name = "spinner"}, [&] {
          spins = true;
          spin_here();
        });
        while (!spins) yield();
        text = about(dump(), "spinner");
        stop_spinning = true;
      },
      {.procs = 2});
  EXPECT_THAT(text, HasSubstr("[running]"));
#if !__has_feature(thread_sanitizer)  // which holds signals back
  EXPECT_THAT(text, HasSubstr("spin_here"));
#endif
}

TEST(Dump, TheCallerIsInItAndSoAreFibersThatHaveNotStarted) {
  std::string text;
  run(
      [&] {
        this_fiber::set_name("caller");
        go({.name = "fresh"}, [] {});
        text = dump_here();
      },
      {.procs = 1});
  EXPECT_THAT(text, HasSubstr("fibers: 1 running, 1 runnable, 0 waiting"));
  EXPECT_THAT(about(text, "caller"), HasSubstr("dump_here"));
  EXPECT_THAT(about(text, "fresh"), HasSubstr("[runnable]"));
  EXPECT_THAT(about(text, "fresh"), HasSubstr("not started: "));
}

TEST(Dump, AFiberInABlockingCallWaits) {
  std::string text;
  std::atomic<bool> inside{false};
  std::atomic<bool> done{false};
  run([&] {
    WaitGroup group;
    group.go({.name = "caller"}, [&] {
      block_here([&] {
        inside = true;
        while (!done) std::this_thread::yield();
      });
    });
    while (!inside) yield();
    text = about(dump(), "caller");
    EXPECT_EQ(stats().fibers_running, 1u);
    done = true;
    group.wait();
  });
  EXPECT_THAT(text, ContainsRegex("\\[blocking call, 0\\.[0-9]* s\\]"));
  EXPECT_THAT(text, HasSubstr("block_here"));
}

TEST(Dump, FromAForeignThread) {
  std::string text;
  run([&] {
    Channel<int> done(1);
    auto waker = external_waker();
    std::thread thread([&text, done]() mutable {
      text = dump();
      done.try_send(1);
    });
    done.receive();
    thread.join();
  });
  EXPECT_THAT(text, ContainsRegex("fiber [0-9]+ \\[(chan receive|running)"));
}

TEST(Dump, ManyFibersAtOnePlaceAreOneGroup) {
  std::string text;
  run([&] {
    Channel<int> channel;
    WaitGroup started;
    for (int i = 0; i < 1000; ++i) {
      started.add(1);
      go([channel, &started] {
        started.done();
        wait_here(channel);
      });
    }
    started.wait();
    sleep_for(20ms);
    text = dump();
    channel.close();
  });
  EXPECT_THAT(text, ContainsRegex(
                        "(1000|99[0-9]) fibers \\[chan receive, .* to .* s\\]: [0-9 ]+ \\.\\.\\."));
  EXPECT_THAT(text, HasSubstr("wait_here"));
  EXPECT_LT(text.size(), 20'000u);
}

TEST(Dump, WhatIsLeftOutIsSaid) {
  std::string text;
  run([&] {
    Channel<int> channel;
    for (int i = 0; i < 40; ++i) {
      for (int j = 0; j < 10; ++j) {
        go([channel, i] { nested<0>(channel, i); });
        go([channel, i] { nested<1>(channel, i); });
      }
    }
    while (stats().fibers_waiting < 800) yield();
    text = dump();
    channel.close();
  });
  // 80 places of 10 fibers each.
  EXPECT_THAT(text, HasSubstr("160 more fibers at other places were left out"));
}

// Names change, fibers end and begin, records are used again, all the while.
TEST(Dump, WhileFibersMoveAndEnd) {
  int dumps = 0;
  run(
      [&] {
        std::atomic<bool> stop{false};
        WaitGroup group;
        for (int i = 0; i < 4; ++i) {
          group.go([&] {
            while (!stop) {
              spawn({.name = "a name that does not fit into a small block of the heap"}, [] {
                yield();
                this_fiber::set_name("another");
                yield();
              }).join();
            }
          });
        }
        for (; dumps < 60; ++dumps) {
          EXPECT_THAT(dump(), HasSubstr("fibers: "));
          yield();
        }
        stop = true;
        group.wait();
      },
      {.procs = 4});
  EXPECT_EQ(dumps, 60);
}

// Of a frame without a frame pointer any value may be in its place, also one whose end is beyond
// the last address.
TEST(StackWalk, EndsAtAFramePointerThatLeadsOutOfTheStack) {
  for (uintptr_t odd : {uintptr_t{0}, uintptr_t{12}, UINTPTR_MAX - 15, UINTPTR_MAX - 7}) {
    void* stack[4] = {reinterpret_cast<void*>(odd), &stack, nullptr, nullptr};
    void* addresses[4];
    EXPECT_EQ(internal::walk_frames(stack, stack, stack + 4, addresses, 4), 1u) << odd;
  }
}

TEST(Dump, OutsideOfARunThereIsNothing) {
  EXPECT_THAT(dump(), HasSubstr("fibers: 0 running, 0 runnable, 0 waiting"));
}

}  // namespace
}  // namespace fiber
