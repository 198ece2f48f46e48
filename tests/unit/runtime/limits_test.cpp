// A process that may have less than it asks for says what it lacks, and goes on where it can.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <system_error>

#include "fiber/go.h"
#include "fiber/run.h"
#include "fiber/sync.h"
#include "fiber/wait_group.h"
#include "tests/unit/needs_descriptors.h"

namespace fiber {
namespace {

using testing::ExitedWithCode;
using testing::KilledBySignal;

class LimitsDeathTest : public testing::Test {
 protected:
  LimitsDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  void SetUp() override {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    GTEST_SKIP() << "the sanitizer needs more than the limit";
#endif
  }
};

// The address space may grow by so much.
void limit_memory(size_t bytes) {
  size_t pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr || std::fscanf(file, "%zu", &pages) != 1) std::abort();
  std::fclose(file);
  const rlimit limit = {pages * 4096 + bytes, RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &limit);
}

// Parks fibers until no more can be had; those that are there go on to work.
void park_until_refused() {
  Semaphore gate(0);
  WaitGroup ended;
  int started = 0;
  try {
    for (;; ++started) {
      ended.add(1);
      go([&] {
        gate.acquire();
        ended.done();
      });
    }
  } catch (const std::exception& error) {
    ended.done();
    std::fprintf(stderr, "after %d fibers: %s\n", started, error.what());
  }
  for (int i = 0; i < started; ++i) gate.release();
  ended.wait();
  std::fprintf(stderr, "ended: %d\n", started > 100);
}

TEST_F(LimitsDeathTest, AddressSpaceForStacks) {
  const auto body = [] {
    std::exit(run(
        [] {
          limit_memory(size_t{200} << 20);
          park_until_refused();
        },
        {.procs = 2}));
  };
  EXPECT_EXIT(body(), ExitedWithCode(0),
              "after [0-9]+ fibers: fiber: cannot map .* of address space for stacks; lower "
              "FIBER_OPTIONS=stack_size, or raise ulimit -v.*\nended: 1");
}

TEST_F(LimitsDeathTest, AddressSpaceForStacksThatNobodyCatches) {
  const auto body = [] {
    run(
        [] {
          limit_memory(size_t{100} << 20);
          Semaphore gate(0);
          for (;;) go([&gate] { gate.acquire(); });
        },
        {.procs = 1});  // with more it may be a thread that finds no room
  };
  EXPECT_EXIT(body(), KilledBySignal(SIGABRT),
              "fatal error: exception in fiber 1: fiber: cannot map .* of address space");
}

TEST_F(LimitsDeathTest, AddressSpaceForThreads) {
  const auto body = [] {
    limit_memory(size_t{100} << 20);
    try {
      run([] {}, {.procs = 64});
    } catch (const std::system_error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      std::exit(run([] { return 5; }, {.procs = 1}));
    }
  };
  EXPECT_EXIT(body(), ExitedWithCode(5), "fiber: cannot start thread [0-9]+ of 64");
}

// vm.max_map_count, which no test may lower: use the mappings up instead.
TEST_F(LimitsDeathTest, Mappings) {
  const auto body = [] {
    std::exit(run(
        [] {
          const size_t page = 4096;
          char* memory =
              static_cast<char*>(mmap(nullptr, 400'000 * page, PROT_NONE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
          for (size_t i = 1; i < 400'000; i += 2) {
            if (mprotect(memory + i * page, page, PROT_READ) != 0) break;
            if (i + 2 >= 400'000) std::fputs("after 0 fibers: fiber: cannot map: never\n", stderr);
          }
          park_until_refused();
        },
        {.procs = 2}));
  };
  // malloc() needs mappings, too: the text of the error may be what cannot be had.
  EXPECT_EXIT(body(), ExitedWithCode(0), "after [0-9]+ fibers: (fiber: cannot map|std::bad_alloc)");
}

TEST_F(LimitsDeathTest, WithoutDescriptors) {
  SKIP_WHERE_CHECKS_NEED_DESCRIPTORS();
  const auto body = [] {
    const rlimit none = {3, 3};
    setrlimit(RLIMIT_NOFILE, &none);
    std::exit(run([] { return spawn([] { return 6; }).join(); }));
  };
  EXPECT_EXIT(body(), ExitedWithCode(6), "");
}

}  // namespace
}  // namespace fiber
