#include "runtime/deadlock.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <unistd.h>

#include "detector/abi/hooks.h"
#include "runtime/fiber.h"
#include "runtime/observe/trace_file.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/scheduler.h"
#include "runtime/stack_walk.h"

namespace fiber::internal {
namespace {

std::vector<const Fiber*> parked_fibers() {
  std::vector<const Fiber*> fibers;
  stack_pool().for_each(
      [](Stack* stack, void* argument) {
        const Fiber* fiber = Fiber::at(stack);
        if (fiber->state.peek() == FiberState::kParked)
          static_cast<std::vector<const Fiber*>*>(argument)->push_back(fiber);
      },
      &fibers);
  std::sort(fibers.begin(), fibers.end(),
            [](const Fiber* a, const Fiber* b) { return a->id < b->id; });
  return fibers;
}

}  // namespace

bool foreign_threads(uint32_t own_threads) {
#if __has_feature(thread_sanitizer)
  ++own_threads;  // its background thread
#endif
  std::FILE* file = std::fopen("/proc/self/status", "re");
  if (file == nullptr) return true;  // unknown: no alarm
  char line[256];
  unsigned threads = 0;
  while (threads == 0 && std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::sscanf(line, "Threads: %u", &threads) != 1) threads = 0;
  }
  std::fclose(file);
  return threads != own_threads;
}

void report_global_deadlock() {
  static std::atomic_flag begun;
  // relaxed: only who is first matters. The others wait for the end of the process.
  while (begun.test_and_set(std::memory_order_relaxed)) pause();
  std::fflush(stdout);
  end_trace();
  // Like Go's: no destructor runs, for the blocked fibers still use what it would destroy.
  if (const int status = __fsan_global_deadlock(); status != 0) std::_Exit(status);
  std::fprintf(stderr, "fatal error: all fibers are asleep - deadlock!\n");
  const std::vector<const Fiber*> fibers = parked_fibers();
  if (fibers.empty()) {
    std::fprintf(stderr, "\nno fibers are left: the main fiber called exit_fiber()\n");
  }
  for (const Fiber* fiber : fibers) {
    std::fprintf(stderr, "\n");
    print_fiber(stderr, *fiber, wait_reason_text(fiber->reason), fiber->parked_frame);
  }
  std::fflush(stderr);
  std::_Exit(2);
}

}  // namespace fiber::internal
