// The end of a process whose fibers still run, and stack traces that end with a fiber.
#include <dlfcn.h>
#include <execinfo.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "fiber/channel.h"
#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/deadlock.h"
#include "runtime/worker.h"

namespace fiber {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

#if __has_feature(address_sanitizer)
// Here processes end among fibers that still own something, which is no leak.
extern "C" int __lsan_is_turned_off() { return 1; }
#endif

class EndingDeathTest : public testing::Test {
 protected:
  EndingDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Runs the function in a fiber while others compute, wait, sleep, begin and end.
void end_among_others(const std::function<void()>& end) {
  run(
      [&end] {
        static Channel<int> line(1);
        for (int i = 0; i < 8; ++i) {
          go([] {
            for (;;) {
              spawn([] { yield(); }).join();
              line.send(1);
            }
          });
          go([] {
            for (;;) line.receive();
          });
          go([] {
            for (;;) sleep_for(std::chrono::microseconds(50));
          });
        }
        for (int i = 0; i < 100; ++i) yield();
        go([&end] { end(); });
        sleep_for(std::chrono::hours(1));
      },
      {.procs = 4});
}

// As when several workers go to sleep last: each of them may see that all are idle.
TEST_F(EndingDeathTest, ADeadlockThatSeveralThreadsSeeIsReportedOnce) {
  const auto main_fiber = [] {
    for (int i = 0; i < 500; ++i) go([] { Channel<int>().receive(); });  // a long report
    for (int i = 0; i < 10; ++i) yield();
    std::atomic<unsigned> ready{0};
    std::vector<std::thread> threads;
    while (threads.size() < 4) {
      threads.emplace_back([&ready] {
        for (++ready; ready < 4;) std::this_thread::yield();
        internal::report_global_deadlock();
      });
    }
    for (std::thread& thread : threads) thread.join();
  };
  // The report has one exclamation mark.
  EXPECT_EXIT(run(main_fiber, {.procs = 1}), ExitedWithCode(2), "^[^!]*deadlock![^!]*$");
}

struct SaysGoodbye {
  ~SaysGoodbye() { std::fputs("static destructor\n", stderr); }
};

TEST_F(EndingDeathTest, ExitRunsHandlersAndDestructorsOnTheFiber) {
  const auto end = [] {
    static SaysGoodbye goodbye;
    std::atexit([] {
      // Other fibers still run: it may wait for them.
      for (int i = 0; i < 100; ++i) yield();
      sleep_for(std::chrono::milliseconds(1));
      std::fprintf(stderr, "handler in a fiber: %d\n", this_fiber::id() != 0);
    });
    std::exit(7);
  };
  EXPECT_EXIT(end_among_others(end), ExitedWithCode(7),
              "handler in a fiber: 1\nstatic destructor\n");
}

TEST_F(EndingDeathTest, OtherWaysOut) {
  EXPECT_EXIT(end_among_others([] { std::_Exit(8); }), ExitedWithCode(8), "");
  EXPECT_EXIT(end_among_others([] { _exit(9); }), ExitedWithCode(9), "");
  EXPECT_EXIT(end_among_others([] {
                std::at_quick_exit([] { std::fputs("quick handler\n", stderr); });
                std::quick_exit(10);
              }),
              ExitedWithCode(10), "quick handler\n");
  EXPECT_EXIT(end_among_others([] {
                std::signal(SIGABRT, SIG_DFL);  // not a sanitizer's
                std::abort();
              }),
              KilledBySignal(SIGABRT), "");
}

TEST_F(EndingDeathTest, MainReturnsWhileOthersRun) {
  const auto body = [] {
    static Channel<int> line;
    const int status = run(
        [] {
          for (int i = 0; i < 8; ++i) {
            go([] {
              for (;;) line.send(1);
            });
            go([] {
              for (;;) sleep_for(std::chrono::microseconds(10));
            });
          }
          return *line.receive() + 2;
        },
        {.procs = 4});
    std::exit(status);
  };
  EXPECT_EXIT(body(), ExitedWithCode(3), "");
}

__attribute__((noinline)) void throw_one() { throw 1; }

TEST_F(EndingDeathTest, AnExceptionThatNobodyTakes) {
  EXPECT_EXIT(end_among_others([] {
                this_fiber::set_name("careless");
                throw std::runtime_error("dropped");
              }),
              KilledBySignal(SIGABRT),
              "fatal error: exception in fiber [0-9]+ 'careless': dropped\n    #0 ");
  EXPECT_EXIT(end_among_others([]() noexcept { throw_one(); }), KilledBySignal(SIGABRT),
              "fatal error: exception in fiber [0-9]+: of type int");
  EXPECT_EXIT(end_among_others([] { std::terminate(); }), KilledBySignal(SIGABRT),
              "fatal error: in fiber [0-9]+: std::terminate was called");
}

// --- stack traces ---

struct Walk {
  int frames = 0;
  bool all_known = true;
};

_Unwind_Reason_Code count_frame(_Unwind_Context* context, void* argument) {
  auto* walk = static_cast<Walk*>(argument);
  Dl_info module = {};
  if (_Unwind_GetIP(context) == 0) return _URC_NO_REASON;  // what ends a stack
  walk->all_known &= dladdr(reinterpret_cast<void*>(_Unwind_GetIP(context)), &module) != 0;
  return ++walk->frames > 500 ? _URC_END_OF_STACK : _URC_NO_REASON;
}

__attribute__((noinline)) Walk walk_at_depth(int depth) {
  Walk walk;
  if (depth > 0) {
    walk = walk_at_depth(depth - 1);
  } else {
    _Unwind_Backtrace(count_frame, &walk);
  }
  asm volatile("");  // no tail call
  return walk;
}

__attribute__((noinline)) int backtrace_here() {
  void* addresses[500];
  return backtrace(addresses, std::size(addresses));
}

__attribute__((noinline)) int backtrace_at_depth(int depth) {
  const int frames = depth > 0 ? backtrace_at_depth(depth - 1) : backtrace_here();
  asm volatile("");
  return frames;
}

void expect_traces_that_end() {
  const Walk shallow = walk_at_depth(0);
  const Walk deep = walk_at_depth(100);
  EXPECT_TRUE(deep.all_known);
  EXPECT_GE(shallow.frames, 3);
  EXPECT_LT(shallow.frames, 40);
  EXPECT_EQ(deep.frames, shallow.frames + 100);
  const int shallow_backtrace = backtrace_at_depth(0);
  EXPECT_LT(shallow_backtrace, 40);
  EXPECT_EQ(backtrace_at_depth(100), shallow_backtrace + 100);
}

TEST(StackTrace, EndsWithTheFiber) {
  run(
      [] {
        expect_traces_that_end();
        spawn([] {
          expect_traces_that_end();
          for (int i = 0; i < 100; ++i) yield();
          expect_traces_that_end();
          try {
            throw 1;
          } catch (int) {
            expect_traces_that_end();
          }
        }).join();
        spawn(FiberOptions{"", 1 << 20}, expect_traces_that_end).join();
      },
      {.procs = 4});
}

}  // namespace
}  // namespace fiber
