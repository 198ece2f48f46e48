// history.h: finds the access that left a stamp in the shadow.
//
// Input:    the stamp's lane, epoch and kind, and the bytes it covers.
// Output:   the newest such access still in a ring.
// Cost:     linear in the events since the access, of the chunks that have a header of its
//           segment: microseconds when it was recent, a millisecond or two when it is gone.
// Threads:  any, beside running writers.
// Not here: what to say when it is gone, see detector/report/.
#ifndef FIBERSAN_DETECTOR_HISTORY_HISTORY_H
#define FIBERSAN_DETECTOR_HISTORY_HISTORY_H

#include <cstdint>
#include <optional>
#include <span>

#include "detector/history/context.h"
#include "detector/history/frames.h"
#include "detector/history/ring.h"

namespace fibersan {

// Before the first event: at least so many of them are kept, of all rings together.
void start_history(uint64_t events);

struct PastAccess {
  RecordedAccess access;
  uint64_t fiber_id = 0;
  HeldLocks held;  // at the access
  Stack stack;     // empty when the calling context was forgotten
};

std::optional<PastAccess> find_access(uint32_t lane, uint32_t epoch, uintptr_t address,
                                      uint64_t size, bool write, bool atomic);

// The last write of that range as a whole.
std::optional<PastAccess> find_whole_write(uint32_t lane, uint32_t epoch, uintptr_t address,
                                           uint64_t size);

// What find_access() finds, without the stack, which stack_of() tells.
struct SearchedAccess {
  AccessPattern pattern = {};
  bool found = false;
  uint64_t chunk = 0;  // its sequence number
  RecordedAccess access;
  Segment segment;
  // For several cells, each of which may come from another access: a bit for each that is not
  // explained yet, the first one at pattern.address rounded down to a cell. Null: one will do.
  uint64_t* unexplained = nullptr;
  uint64_t cells_left = 0;
};

// find_access() for many at once, sorted by is_before(): one pass over the events, as long as not
// all are found. Those of one segment and kind do not overlap. What explains another part of the
// cells than `access` does is given to also_found.
bool is_before(const AccessPattern& a, const AccessPattern& b);
using AlsoFound = void (*)(const SearchedAccess&, const Segment&, const RecordedAccess&, void*);
void find_accesses(std::span<SearchedAccess> sorted, AlsoFound also_found, void* data);

// Events that all rings together no longer hold.
uint64_t overwritten_events();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HISTORY_HISTORY_H
