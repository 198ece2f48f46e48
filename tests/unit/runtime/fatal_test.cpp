// How the runtime ends a process: what it prints and the status.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"
#include "runtime/park.h"

namespace program {  // not ours: stacks in a report begin with the program's frames

__attribute__((noinline)) void receive_for_ever() {
  static const int channel = 0;
  const void* object = &channel;
  fiber::internal::park({FSAN_WAIT_CHAN_RECEIVE, &object, 1, false}, nullptr, nullptr);
  asm volatile("");
}

}  // namespace program

namespace fiber {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ExitedWithCode;
using testing::KilledBySignal;

class FatalDeathTest : public testing::Test {
 protected:
  FatalDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void deadlock(unsigned procs) {
  run(
      [] {
        go(FiberOptions{.name = "consumer"}, [] { program::receive_for_ever(); });
        auto handle = spawn([] { program::receive_for_ever(); });
        sleep_for(std::chrono::milliseconds(5));
        handle.join();
      },
      {.procs = procs});
}

TEST_F(FatalDeathTest, GlobalDeadlockNamesEveryFiber) {
  const auto text =
      AllOf(ContainsRegex("fatal error: all fibers are asleep - deadlock!"),
            ContainsRegex("fiber [0-9]+ \\[join\\]:"),
            ContainsRegex("fiber [0-9]+ 'consumer' \\[chan receive\\]:\n    #0 "
                          "program::receive_for_ever.*\\(unit_"),
            ContainsRegex("fiber [0-9]+ \\[chan receive\\]:(.|\n)*created by fiber [0-9]+ at "));
  EXPECT_EXIT(deadlock(1), ExitedWithCode(2), text);
  EXPECT_EXIT(deadlock(4), ExitedWithCode(2), text);
}

TEST_F(FatalDeathTest, MainFiberThatExitsWaitsForTheOthers) {
  EXPECT_EXIT(run([] {
                go([] {
                  sleep_for(std::chrono::milliseconds(2));
                  std::fputs("last words\n", stderr);
                });
                exit_fiber();
              }),
              ExitedWithCode(2),
              "last words\nfatal error: all fibers are asleep(.|\n)*main fiber called exit_fiber");
}

TEST_F(FatalDeathTest, AnExceptionWithoutAHandle) {
  EXPECT_EXIT(run([] {
                go(FiberOptions{.name = "thrower"}, [] { throw std::runtime_error("boom"); });
                sleep_for(std::chrono::seconds(10));
              }),
              KilledBySignal(SIGABRT),
              "fatal error: exception in fiber 2 'thrower': boom\n    #0 ");
  EXPECT_EXIT(run([] { throw 5; }), KilledBySignal(SIGABRT),
              "fatal error: exception in fiber 1: of type int");
}

TEST_F(FatalDeathTest, AnExceptionWhoseHandleWasDropped) {
  EXPECT_EXIT(run([] {
                {
                  auto handle = spawn([] { throw std::runtime_error("boom"); });
                }
                sleep_for(std::chrono::seconds(10));
              }),
              KilledBySignal(SIGABRT), "exception in fiber 2, whose Handle was dropped.*: boom");
}

TEST_F(FatalDeathTest, ExitFiberCannotBeSwallowed) {
  EXPECT_EXIT(run([] {
                try {
                  exit_fiber();
                } catch (...) {
                }
              }),
              KilledBySignal(SIGABRT), "catch \\(\\.\\.\\.\\) in fiber [0-9]+ did not rethrow");
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
__attribute__((noinline)) int recurse(int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(depth);
  if (depth < 0) return 0;
  return recurse(depth + 1) + frame[0];
}

TEST_F(FatalDeathTest, StackOverflowNamesFiberSizeAndOption) {
  EXPECT_EXIT(
      run([] {
        spawn(FiberOptions{.name = "deep", .stack_size = 65536}, [] { return recurse(0); }).join();
      }),
      KilledBySignal(SIGSEGV),
      "stack overflow in fiber 2 'deep': its stack has 65536 bytes; raise it with "
      "FIBER_OPTIONS=stack_size=131072 or FiberOptions::stack_size");
}

#endif

TEST_F(FatalDeathTest, OtherFaultsAreNotOurs) {
  const auto fault = [] {
    std::signal(SIGSEGV, SIG_DFL);  // not a sanitizer's handler
    run([] { raise(SIGSEGV); });
  };
  EXPECT_EXIT(fault(), KilledBySignal(SIGSEGV), "");
}

void with_options(const char* options) {
  setenv("FIBER_OPTIONS", options, 1);
  char* const arguments[] = {const_cast<char*>("/proc/self/exe"), nullptr};
  execv("/proc/self/exe", arguments);
}

TEST_F(FatalDeathTest, BadOptions) {
  EXPECT_EXIT(with_options("prosc=2"), ExitedWithCode(1), "procs");
  EXPECT_EXIT(with_options("procs=-1"), ExitedWithCode(1), "procs must be from 0 to 1024");
}

}  // namespace
}  // namespace fiber
