// edge_model.h: every hook of the runtime, defined over plain vector clocks: which
// happens-before edges, waits and misuses the runtime tells a detector, and no others.
//
// Input:    the hooks (linked in place of detector and no_detector).
// Output:   questions about the running fiber's past; what was recorded since reset().
// State:    one clock entry for each fiber, one clock for each Sync; one mutex over all.
// Not here: races between the program's own accesses: nothing is instrumented here.
#ifndef FIBERSAN_TESTS_UNIT_SYNC_EDGE_MODEL_H
#define FIBERSAN_TESTS_UNIT_SYNC_EDGE_MODEL_H

#include <cstdint>
#include <string>
#include <vector>

#include "detector/abi/hooks.h"

namespace edge_model {

// A point in the life of a fiber.
struct Event {
  uint64_t fiber = 0;
  uint64_t epoch = 0;
};

// Of the running fiber, now.
Event here();
// Did `event` happen before what the running fiber does now?
bool before_here(Event event);

struct WaitSeen {
  fsan_wait_reason reason;
  std::vector<const void*> objects;
  bool timed;
};

void reset();
std::vector<WaitSeen> waits();
std::vector<fsan_finding_kind> misuses();
// Unordered object_read / object_written / object_awaited of one place.
int races();
// Kinds of the objects that exist, by address.
bool is_object(const void* address, fsan_object_kind kind);
size_t locks_held();  // by the running fiber

}  // namespace edge_model

#endif  // FIBERSAN_TESTS_UNIT_SYNC_EDGE_MODEL_H
