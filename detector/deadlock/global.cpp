// global.cpp: the hook for "every fiber waits and nothing can wake one".
//
// Input:    all live fibers, none of which runs: their Waiting records and stacks hold
//           still while we look.
// Output:   one finding that names every fiber, and the exit status; 0 when that is suppressed.
// Cost:     as waiters.h says.
// Not here: deciding that it is a deadlock, the runtime did; partial ones.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "detector/deadlock/mapped_array.h"
#include "detector/deadlock/waiters.h"
#include "detector/fiber.h"
#include "detector/findings/findings.h"
#include "detector/process/end.h"
#include "detector/process/options.h"

namespace fibersan {
namespace {

constexpr int kStatusWithoutExitcode = 2;  // as a plain build's

struct Collection {
  MappedArray<Waiter> waiters;
  MappedArray<Hold> holds;
};

struct Sizes {
  size_t waiters = 0;
  size_t holds = 0;
};

void count_fiber(const fsan_fiber& fiber, void* data) {
  auto& sizes = *static_cast<Sizes*>(data);
  ++sizes.waiters;
  sizes.holds += fiber.held_locks.size();
}

void collect_fiber(const fsan_fiber& fiber, void* data) {
  auto& collection = *static_cast<Collection*>(data);
  if (collection.waiters.full()) return;
  collection.waiters.push(read_waiter(fiber));
  for (const HeldLock& held : fiber.held_locks.all())
    collection.holds.push({held.lock, fiber.info->id});
}

// Memory that is not given back: the process ends.
Collection collect_fibers() {
  Sizes sizes;
  for_each_fiber(count_fiber, &sizes);
  Collection collection;
  collection.waiters.make_room(sizes.waiters, "the report of a global deadlock");
  collection.holds.make_room(sizes.holds, "the report of a global deadlock");
  for_each_fiber(collect_fiber, &collection);
  return collection;
}

// False: nobody wants to hear of it.
bool report_global_deadlock() {
  const Collection collection = collect_fibers();
  if (!may_report()) return false;
  FindingScope scope;
  const auto all = collection.waiters.all();
  std::vector<Waiter> waiters(all.begin(), all.end());
  Holders holders;
  for (const Hold& hold : collection.holds.all()) holders.emplace(hold.lock, hold.fiber_id);
  Report report;
  describe_waiters(scope, std::move(waiters), holders, report);
  return scope.publish(FSAN_FINDING_GLOBAL_DEADLOCK, report);
}

}  // namespace
}  // namespace fibersan

extern "C" int __fsan_global_deadlock(void) {
  using namespace fibersan;
  // Suppressed or not, the program does not go on: it ends as a plain build does.
  if (!report_global_deadlock()) return 0;
  fflush(nullptr);  // what the program printed; every fiber is parked, none holds a stream
  print_last_line("global deadlock");
  if (options.abort_on_error != 0) abort();
  // 0 would tell the runtime that there is no detector.
  return options.exitcode != 0 ? static_cast<int>(options.exitcode) : kStatusWithoutExitcode;
}
