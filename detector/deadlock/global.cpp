// global.cpp: the hook for "every fiber waits and nothing can wake one".
//
// Input:    all live fibers, none of which runs: their Waiting records and stacks hold
//           still while we look.
// Output:   one finding that names every fiber, and the exit status.
// Cost:     a frame walk for each fiber; fibers that wait alike become one entry when there
//           are more than kListed.
// Not here: deciding that it is a deadlock, the runtime did; partial ones.
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "detector/fiber.h"
#include "detector/findings/describe.h"
#include "detector/findings/findings.h"
#include "detector/history/frames.h"
#include "detector/history/mapping.h"
#include "detector/process/end.h"
#include "detector/process/options.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

constexpr size_t kListed = 64;
constexpr int kStatusWithoutExitcode = 2;  // as a plain build's

constexpr const char* kReasonText[] = {
#define FSAN_WAIT_REASON(id, text) text,
#include "detector/abi/wait_reasons.def"
#undef FSAN_WAIT_REASON
};

// What is read of a fiber under the list's lock, where nothing may be allocated.
struct Waiter {
  uint64_t id;
  uint64_t creator_id;
  StackId created;
  StackId stack;
  bool waits;
  fsan_wait_reason reason;
  size_t count;
  const void* objects[Waiting::kMaxObjects];
};

struct Hold {
  const void* lock;
  uint64_t fiber_id;
};

struct Collection {
  Waiter* waiters = nullptr;
  size_t room = 0;
  size_t count = 0;
  Hold* holds = nullptr;
  size_t hold_room = 0;
  size_t hold_count = 0;
};

size_t holds_of(const fsan_fiber& fiber) {
  return std::min(fiber.held_count, fsan_fiber::kMaxHeld);
}

void count_fiber(const fsan_fiber& fiber, void* data) {
  auto& collection = *static_cast<Collection*>(data);
  ++collection.room;
  collection.hold_room += holds_of(fiber);
}

void collect_fiber(const fsan_fiber& fiber, void* data) {
  auto& collection = *static_cast<Collection*>(data);
  if (collection.count == collection.room) return;
  Waiter& waiter = collection.waiters[collection.count++];
  waiter.id = fiber.info->id;
  waiter.creator_id = fiber.info->creator_id;
  waiter.created = fiber.info->created;
  waiter.waits = fiber.waiting.active;
  waiter.reason = fiber.waiting.reason;
  waiter.stack = add_stack(walk_frames(fiber.waiting.frame, fiber.waiting.pc, fiber.stack));
  waiter.count = std::min(fiber.waiting.count, Waiting::kMaxObjects);
  std::copy_n(fiber.waiting.objects(), waiter.count, waiter.objects);
  for (size_t i = 0; i < holds_of(fiber) && collection.hold_count < collection.hold_room; ++i) {
    collection.holds[collection.hold_count++] = {fiber.held()[i].lock, waiter.id};
  }
}

// Memory that is not given back: the process ends.
Collection collect_fibers() {
  Collection collection;
  for_each_fiber(count_fiber, &collection);
  collection.waiters = static_cast<Waiter*>(
      map_memory((collection.room + 1) * sizeof(Waiter), "the report of a global deadlock"));
  collection.holds = static_cast<Hold*>(
      map_memory((collection.hold_room + 1) * sizeof(Hold), "the report of a global deadlock"));
  for_each_fiber(collect_fiber, &collection);
  return collection;
}

fsan_object_kind usual_object(fsan_wait_reason reason) {
  switch (reason) {
    case FSAN_WAIT_MUTEX_LOCK:
      return FSAN_OBJECT_MUTEX;
    case FSAN_WAIT_RWMUTEX_LOCK:
    case FSAN_WAIT_RWMUTEX_READ_LOCK:
      return FSAN_OBJECT_RWMUTEX;
    case FSAN_WAIT_CONDITION_WAIT:
      return FSAN_OBJECT_CONDITION;
    case FSAN_WAIT_WAITGROUP_WAIT:
      return FSAN_OBJECT_WAITGROUP;
    case FSAN_WAIT_SEMAPHORE_ACQUIRE:
      return FSAN_OBJECT_SEMAPHORE;
    case FSAN_WAIT_BARRIER_WAIT:
      return FSAN_OBJECT_BARRIER;
    case FSAN_WAIT_ONCE:
      return FSAN_OBJECT_ONCE;
    case FSAN_WAIT_JOIN:
      return FSAN_OBJECT_FIBER;
    default:
      return FSAN_OBJECT_CHANNEL;
  }
}

using Holders = std::multimap<const void*, uint64_t>;

ReportWaiters describe(FindingScope& scope, const Waiter& waiter, const Holders& holders) {
  ReportWaiters entry;
  entry.fiber = fiber_name(waiter.id);
  entry.reason = waiter.waits ? kReasonText[waiter.reason] : "nothing: it never ran";
  for (size_t i = 0; waiter.waits && i < waiter.count; ++i) {
    // A nil channel has no address and nothing to say beyond the reason.
    if (waiter.objects[i] == nullptr) continue;
    entry.objects.push_back(describe_object(scope, waiter.objects[i], usual_object(waiter.reason)));
    auto [first, last] = holders.equal_range(waiter.objects[i]);
    for (; first != last; ++first) entry.holders.push_back(fiber_name(first->second));
  }
  entry.stack = make_trace(scope.symbolizer(), stack_of_id(waiter.stack));
  if (waiter.creator_id != kNoFiberId) entry.creator = fiber_name(waiter.creator_id);
  entry.created = make_trace(scope.symbolizer(), stack_of_id(waiter.created), TraceOf::kCreation);
  return entry;
}

void add_id(ReportWaiters& group, uint64_t id) {
  if (!group.ids.empty() && group.ids.back().last + 1 == id) {
    group.ids.back().last = id;
  } else {
    group.ids.push_back({id, id});
  }
}

// Fibers that wait at one place for one reason and were created at one place; which object
// each waits for is said of the first.
void add_groups(FindingScope& scope, const std::vector<Waiter>& waiters, const Holders& holders,
                Report& report) {
  std::map<std::tuple<StackId, StackId, int>, size_t> groups;
  for (const Waiter& waiter : waiters) {
    auto key = std::make_tuple(waiter.stack, waiter.created, static_cast<int>(waiter.reason));
    auto [place, is_new] = groups.try_emplace(key, report.waiters.size());
    if (is_new) {
      report.waiters.push_back(describe(scope, waiter, holders));
    } else {
      ++report.waiters[place->second].count;
    }
    add_id(report.waiters[place->second], waiter.id);
  }
}

void report_global_deadlock() {
  Collection collection = collect_fibers();
  if (!may_report()) return;
  FindingScope scope;
  std::vector<Waiter> waiters(collection.waiters, collection.waiters + collection.count);
  std::sort(waiters.begin(), waiters.end(),
            [](const Waiter& a, const Waiter& b) { return a.id < b.id; });
  Holders holders;
  for (size_t i = 0; i < collection.hold_count; ++i) {
    holders.emplace(collection.holds[i].lock, collection.holds[i].fiber_id);
  }
  Report report;
  if (waiters.size() > kListed) {
    add_groups(scope, waiters, holders, report);
  } else {
    for (const Waiter& waiter : waiters) {
      report.waiters.push_back(describe(scope, waiter, holders));
    }
  }
  if (!report.waiters.empty()) {
    report.summary = summary_frame(report.waiters[0].stack.frames);
  }
  scope.publish(FSAN_FINDING_GLOBAL_DEADLOCK, report);
}

}  // namespace
}  // namespace fibersan

extern "C" int __fsan_global_deadlock(void) {
  using namespace fibersan;
  report_global_deadlock();
  fflush(nullptr);  // what the program printed; every fiber is parked, none holds a stream
  print_last_line();
  if (options.abort_on_error != 0) abort();
  // 0 would tell the runtime that there is no detector.
  return options.exitcode != 0 ? static_cast<int>(options.exitcode) : kStatusWithoutExitcode;
}
