// What go.h, time.h and defer.h promise for one fiber: arguments, results, exceptions, exit,
// names, errno.
#include <gtest/gtest.h>

#include <cerrno>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fiber/defer.h"
#include "fiber/error.h"
#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/time.h"

#if __has_feature(address_sanitizer)
// What a fiber owns that its run has stopped stays with it.
extern "C" const char* __lsan_default_suppressions() { return "leak:Handle_OutlivesTheRun_Test"; }
#endif

namespace fiber {
namespace {

struct MoveOnly {
  explicit MoveOnly(int v) : value(std::make_unique<int>(v)) {}
  std::unique_ptr<int> value;
};

TEST(Spawn, ArgumentsAreCopiedOrMovedReferencesNeedRef) {
  run([] {
    std::string text = "before";
    auto copied = spawn([](std::string s) { return s; }, text);
    text = "after";
    EXPECT_EQ(copied.join(), "before");

    auto moved = spawn([](MoveOnly m) { return *m.value; }, MoveOnly(3));
    EXPECT_EQ(moved.join(), 3);

    int counter = 0;
    spawn([](int& c) { ++c; }, std::ref(counter)).join();
    EXPECT_EQ(counter, 1);

    struct Object {
      int twice(int x) { return 2 * x; }
    } object;
    EXPECT_EQ(spawn(&Object::twice, &object, 21).join(), 42);
  });
}

TEST(Spawn, ResultsOfEveryKind) {
  run([] {
    EXPECT_EQ(*spawn([] { return MoveOnly(5); }).join().value, 5);
    int x = 1;
    int& reference = spawn([&]() -> int& { return x; }).join();
    EXPECT_EQ(&reference, &x);
    spawn([] {}).join();
    struct alignas(128) Wide {
      int value = 9;
    };
    EXPECT_EQ(spawn([] { return Wide(); }).join().value, 9);
  });
}

TEST(Spawn, CallableAndResultAreDestroyedOnce) {
  struct Counted {
    explicit Counted(int* n) : live(n) { ++*live; }
    Counted(const Counted& other) : live(other.live) { ++*live; }
    ~Counted() { --*live; }
    int* live;
  };
  int live = 0;
  run(
      [&] {
        {
          Counted captured(&live);
          auto joined = spawn([captured] { return captured; });
          auto dropped = spawn([captured] { return captured; });
          static_cast<void>(joined.join());
          for (int i = 0; i < 100; ++i) yield();  // the other one ends before its Handle is dropped
        }
        Counted captured(&live);
        {
          auto early = spawn([captured] { return captured; });
        }  // and this one after
        for (int i = 0; i < 100; ++i) yield();
      },
      {.procs = 1});
  EXPECT_EQ(live, 0);
}

TEST(Spawn, ACallableThatCannotBeCopiedStartsNoFiber) {
  struct Refuses {
    Refuses() = default;
    Refuses(const Refuses&) { throw std::runtime_error("no copies"); }
    void operator()() const {}
  };
  run([] {
    const Refuses refuses;
    EXPECT_THROW(go(refuses), std::runtime_error);
    EXPECT_THROW(static_cast<void>(spawn(refuses)), std::runtime_error);
    EXPECT_EQ(spawn([] { return 1; }).join(), 1);
  });
}

TEST(Handle, RethrowsAndJoinsOnce) {
  run([] {
    auto handle = spawn([]() -> int { throw std::runtime_error("inside"); });
    try {
      handle.join();
      FAIL();
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "inside");
    }
    EXPECT_FALSE(handle.joinable());
    EXPECT_THROW(handle.join(), Error);
    Handle<void> empty;
    EXPECT_THROW(empty.join(), Error);
    EXPECT_EQ(empty.id(), 0u);
  });
}

TEST(Handle, MovesAndAssigns) {
  run(
      [] {
        Handle<int> a = spawn([] { return 1; });
        Handle<int> b = std::move(a);
        EXPECT_FALSE(a.joinable());
        b = spawn([] { return 2; });  // detaches the first
        EXPECT_EQ(b.join(), 2);
        yield();
      },
      {.procs = 1});
}

TEST(Handle, OutlivesTheRun) {
  Handle<int> done;
  Handle<int> stopped;
  run(
      [&] {
        done = spawn([] { return 4; });
        for (int i = 0; i < 100; ++i) yield();
        stopped = spawn([] {
          sleep_for(std::chrono::hours(1));
          return 0;
        });
      },
      {.procs = 1});
  EXPECT_EQ(done.join(), 4);
  EXPECT_THROW(stopped.join(), Error);
}

TEST(ExitFiber, RunsDestructorsAndDefers) {
  run([] {
    std::string order;
    auto handle = spawn([&] {
      Defer outer([&] { order += "outer"; });
      [&] {
        Defer inner([&] { order += "inner "; });
        try {
          exit_fiber();
        } catch (const std::exception&) {
          order += "caught ";
        }
        order += "went on ";
      }();
    });
    handle.join();
    EXPECT_EQ(order, "inner outer");
    auto owes = spawn([]() -> int { exit_fiber(); });
    EXPECT_THROW(owes.join(), Error);
    go([] { exit_fiber(); });
    yield();
  });
}

TEST(ExitFiber, InsideACatchBlock) {
  run([] {
    spawn([] {
      try {
        throw std::runtime_error("x");
      } catch (const std::runtime_error&) {
        exit_fiber();
      }
    }).join();
    EXPECT_EQ(std::current_exception(), nullptr);
  });
}

// Fibers take turns inside catch blocks and destructors of an unwinding: each sees its own.
TEST(Exceptions, StayInTheirFiberAcrossSwitches) {
  for (unsigned procs : {1u, 4u}) {
    run(
        [] {
          struct YieldsWhileUnwinding {
            ~YieldsWhileUnwinding() {
              for (int i = 0; i < 5; ++i) {
                EXPECT_EQ(std::uncaught_exceptions(), 1);
                yield();
              }
            }
          };
          std::vector<Handle<void>> handles;
          for (int n = 0; n < 50; ++n) {
            handles.push_back(spawn([n] {
              EXPECT_EQ(std::uncaught_exceptions(), 0);
              try {
                YieldsWhileUnwinding unwinding;
                throw n;
              } catch (int caught) {
                for (int i = 0; i < 5; ++i) yield();
                EXPECT_EQ(caught, n);
                try {
                  throw;
                } catch (int again) {
                  yield();
                  EXPECT_EQ(again, n);
                }
              }
              EXPECT_EQ(std::uncaught_exceptions(), 0);
            }));
          }
          for (auto& handle : handles) handle.join();
        },
        {.procs = procs});
  }
}

TEST(Exceptions, ARunInsideACatchBlockLeavesItAsItWas) {
  try {
    throw std::runtime_error("outer");
  } catch (const std::runtime_error&) {
    run([] { EXPECT_EQ(std::current_exception(), nullptr); });
    try {
      std::rethrow_exception(std::current_exception());
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "outer");
    }
  }
}

__attribute__((noinline)) int get_errno() {
  asm volatile("");
  return errno;
}
__attribute__((noinline)) void set_errno(int value) {
  asm volatile("");
  errno = value;
}

TEST(Errno, FollowsTheFiber) {
  for (unsigned procs : {1u, 4u}) {
    run(
        [] {
          std::vector<Handle<void>> handles;
          for (int n = 1; n <= 20; ++n) {
            handles.push_back(spawn([n] {
              EXPECT_EQ(get_errno(), 0);
              set_errno(n);
              for (int i = 0; i < 50; ++i) {
                yield();
                ASSERT_EQ(get_errno(), n);
              }
            }));
          }
          for (auto& handle : handles) handle.join();
        },
        {.procs = procs});
  }
}

TEST(ThisFiber, Names) {
  run([] {
    EXPECT_EQ(this_fiber::name(), "");
    this_fiber::set_name("main");
    EXPECT_EQ(this_fiber::name(), "main");
    auto named = spawn(FiberOptions{.name = "worker"}, [] { return this_fiber::name(); });
    EXPECT_EQ(named.join(), "worker");
  });
  EXPECT_EQ(this_fiber::name(), "");
  EXPECT_THROW(this_fiber::set_name("x"), Error);
}

TEST(FiberOptions, StackSizeIsHonoured) {
  run([] {
    const auto fill = [](size_t bytes) {
      volatile char* memory = static_cast<char*>(__builtin_alloca(bytes));
      for (size_t i = 0; i < bytes; i += 512) memory[i] = 1;
      return memory[0];
    };
    auto small = spawn(FiberOptions{.stack_size = 32 << 10}, fill, size_t{20} << 10);
    auto large = spawn(FiberOptions{.stack_size = 8 << 20}, fill, size_t{7} << 20);
    EXPECT_EQ(small.join(), 1);
    EXPECT_EQ(large.join(), 1);
    EXPECT_THROW(go(FiberOptions{.stack_size = size_t{1} << 40}, [] {}), Error);
  });
}

TEST(Misuse, OutsideOfARunAndNested) {
  EXPECT_THROW(go([] {}), Error);
  EXPECT_THROW(static_cast<void>(spawn([] {})), Error);
  EXPECT_THROW(exit_fiber(), Error);
  yield();
  sleep_for(std::chrono::milliseconds(1));
  run([] { EXPECT_THROW(run([] {}), Error); });
  EXPECT_THROW(run([] {}, {.procs = 5000}), Error);
}

}  // namespace
}  // namespace fiber
