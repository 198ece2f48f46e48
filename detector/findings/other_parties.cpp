#include "detector/findings/other_parties.h"

#include <algorithm>
#include <iterator>

#include "detector/findings/describe.h"
#include "detector/history/frames.h"
#include "detector/race/objects.h"
#include "detector/symbolize/trace.h"

namespace fibersan {
namespace {

struct Party {
  const char* doing;
  uint64_t fiber;
  StackId stack;
};

// Under the list's lock nothing is allocated.
struct Search {
  static constexpr size_t kMost = 8;

  const void* object;
  const fsan_fiber* self;
  bool waiters;
  size_t count = 0;
  Party parties[kMost] = {};

  void add(const char* doing, const fsan_fiber& fiber, StackId stack) {
    if (count < kMost) parties[count++] = {doing, fiber.info->id, stack};
  }
};

bool waits_for(const fsan_fiber& fiber, const void* object) {
  const void* const* objects = fiber.waiting.objects();
  return std::find(objects, objects + fiber.waiting.count, object) != objects + fiber.waiting.count;
}

void look_at(const fsan_fiber& fiber, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (&fiber == search.self) return;
  // acquire: what begins() has released (O1).
  if (fiber.waiting.turn.load(std::memory_order_acquire) % 2 == 0) {
    // Where it took the lock, if it has taken none since. relaxed: a note for the reader.
    if (fiber.last_acquire.sync.load(std::memory_order_relaxed) == search.object && !search.waiters)
      search.add("locked", fiber, fiber.last_acquire.stack.load(std::memory_order_relaxed));
    return;
  }
  for (const HeldLock& held : fiber.held_locks.all()) {
    if (held.lock == search.object) search.add("locked", fiber, held.acquired);
  }
  if (search.waiters && waits_for(fiber, search.object)) {
    search.add("awaited", fiber,
               add_stack(walk_frames(fiber.waiting.frame, fiber.waiting.pc, fiber.stack)));
  }
}

void add(FindingScope& scope, const Party& party, Report& report) {
  report.parties.push_back({party.doing, fiber_name(party.fiber),
                            make_trace(scope.symbolizer(), stack_of_id(party.stack))});
}

void add_holders_and_waiters(FindingScope& scope, Search search, Report& report) {
  for_each_fiber(look_at, &search);
  std::sort(search.parties, search.parties + search.count,
            [](const Party& a, const Party& b) { return a.fiber < b.fiber; });
  for (size_t i = 0; i < search.count; ++i) add(scope, search.parties[i], report);
}

}  // namespace

void add_other_parties(FindingScope& scope, fsan_finding_kind kind, const void* object,
                       const fsan_fiber* self, Report& report) {
  ObjectInfo info;
  switch (kind) {
    case FSAN_FINDING_SEND_ON_CLOSED:
    case FSAN_FINDING_CLOSE_OF_CLOSED:
      if (find_object(object, info) && info.closed != 0)
        add(scope, {"closed", info.closer_id, info.closed}, report);
      break;
    case FSAN_FINDING_UNLOCK_BY_NON_OWNER:
      add_holders_and_waiters(scope, {.object = object, .self = self, .waiters = false}, report);
      break;
    case FSAN_FINDING_DESTROYED_IN_USE:
      add_holders_and_waiters(scope, {.object = object, .self = self, .waiters = true}, report);
      break;
    default:
      break;
  }
}

}  // namespace fibersan
