// stamp_set.h: many stamps of one kind, found by lane.
//
// State:    an open-addressed table of a power of two of stamps, probed linearly; entries of
//           one lane lie between its home and the next empty one. An entry whose mask is 0
//           is a hole: it conflicts with nothing and is used again.
// Cost:     insertion and update of a lane O(1) amortised; the rest linear in the table.
// Threads:  none: the caller holds the lock that guards the set.
//
// Invariants
//   S1  A set grows only after the stamps that the one to come replaces (cell.h C2) were
//       dropped from it.
//   S2  Where there is no memory to grow, a quarter of the stamps is forgotten and that is
//       said: first those of fibers that have ended.
//   S3  `bytes` has at least the bytes of every entry.
// Zeroed memory is an empty set.
#ifndef FIBERSAN_DETECTOR_SHADOW_STAMP_SET_H
#define FIBERSAN_DETECTOR_SHADOW_STAMP_SET_H

#include <cstdint>

#include "detector/shadow/cell.h"

namespace fibersan {

struct StampSet {
  // A stamp of the set's kind. True: it was there (the same segment, at least these bytes).
  // `forgotten` grows by what S2 costs.
  bool insert(Stamp stamp, const FiberClock& clock, uint64_t& forgotten);

  // Whether insert() would say so.
  bool holds(Stamp stamp) const;

  // Adds to `races` what races with the access.
  void find_races(Stamp access, const FiberClock& clock, Races& races) const;
  // The same, and takes out what the access replaces, byte by byte (C2): of stamps that are
  // ordered before it and whose kind it outdoes only the bytes that it left alone stay.
  void outdo(Stamp access, const FiberClock& clock, Races& races);

  void visit(void (*visitor)(Stamp, void*), void* data) const;
  void clear();

  Stamp* stamps;
  uint32_t used;  // entries that are not empty, holes among them
  uint32_t live;  // without holes
  uint8_t log2_capacity;
  uint8_t bytes;

 private:
  uint32_t capacity() const { return stamps == nullptr ? 0 : uint32_t{1} << log2_capacity; }
  uint32_t home(Stamp stamp) const;
  bool has_room() const { return used < capacity() / 4 * 3; }
  void drop_outdone_by(const Stamp& merged);
  bool make_room(Stamp access, const FiberClock& clock, uint64_t& forgotten);
  bool grow();
  void remove_at(uint32_t hole);
  void remove_holes();
  uint64_t forget(bool also_of_live);
};
static_assert(sizeof(StampSet) == 24);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_STAMP_SET_H
