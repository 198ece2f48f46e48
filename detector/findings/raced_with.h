// raced_with.h: the earlier accesses that one access raced with.
//
// Input:    the access, and the stamps that it found (race_found.h).
// Output:   for each pair that was not looked at lately what the history has of the earlier access.
// State:    which pairs were looked at lately, by the stack of the access.
// Cost:     one load for a pair seen before at the same cell and epoch; one search of the history
//           for all others of an access.
// Threads:  any; allocates, so within InsideDetector.
// Not here: what is said of them, see race_report.cpp.
#ifndef FIBERSAN_DETECTOR_FINDINGS_RACED_WITH_H
#define FIBERSAN_DETECTOR_FINDINGS_RACED_WITH_H

#include <cstdint>
#include <optional>
#include <vector>

#include "detector/heap/block_table.h"
#include "detector/history/history.h"
#include "detector/history/stack.h"
#include "detector/race/race_found.h"

namespace fibersan {

inline uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

uint64_t hash_of(const Stack& stack);

// What is the same for all races of one access.
struct SecondAccess {
  explicit SecondAccess(const CurrentAccess& access);

  const CurrentAccess& current;
  Stack stack;
  uint64_t hash;
  // Looked up before anything is allocated.
  std::optional<HeapBlock> block = heap_blocks.find(current.address);
};

// In the order of places and fibers, which is that of the program and not that of lanes. Those that
// were looked at lately are counted only.
std::vector<SearchedAccess> raced_with(const SecondAccess& second, const Races& races);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_FINDINGS_RACED_WITH_H
