#include "runtime/fork.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/fiber.h"
#include "runtime/observe/observation.h"
#include "runtime/observe/wait_reason.h"
#include "runtime/park.h"
#include "runtime/scheduler.h"
#include "runtime/worker.h"

namespace fiber::internal {

constinit bool forked_from_run = false;

namespace {

constinit std::atomic<bool> is_in_run{false};
constinit Fiber* forked_fiber = nullptr;

void in_child() {
  stop_observing_in_forked_child();
  if (!is_in_run.load(std::memory_order_relaxed)) return;
  forked_from_run = true;
  forked_fiber = current_fiber();
  // The worker's loop looks at it, and asks alone_in_forked_child().
  scheduler.stop_in_forked_child();
}

}  // namespace

RunMark::RunMark() {
  static const bool installed = [] { return pthread_atfork(nullptr, nullptr, in_child) == 0; }();
  static_cast<void>(installed);
  is_in_run.store(true, std::memory_order_relaxed);
}

RunMark::~RunMark() { is_in_run.store(false, std::memory_order_relaxed); }

// Not by stdio: another thread may have held its locks.
void fatal_in_forked_child(const char* what) {
  char text[512];
  std::snprintf(text, sizeof(text),
                "fatal error: %s in the child of fork(), where no other fiber runs; end the child "
                "with exec, exit or _exit, or use posix_spawn()\n",
                what);
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) _exit(2);
  _exit(2);
}

Fiber* alone_in_forked_child() {
  // What it has woken are fibers of the parent.
  if (Processor* processor = current_worker()->processor()) processor->queue.clear();
  if (forked_fiber->state.peek() == FiberState::kRunnable) return forked_fiber;
  char what[64];
  std::snprintf(what, sizeof(what), "a fiber waits [%s]", wait_reason_text(forked_fiber->reason));
  fatal_in_forked_child(what);
}

void end_of_forked_child(const Fiber& fiber) {
  if (&fiber == scheduler.main_fiber) fatal_in_forked_child("the main fiber has returned");
  std::exit(0);
}

}  // namespace fiber::internal
