#include "detector/history/history.h"

namespace fibersan {
namespace {

bool overlaps(const RecordedAccess& access, uintptr_t address, uint64_t size) {
  return access.address < address + size && address < access.address + access.size;
}

}  // namespace

std::optional<PastAccess> find_access(uint32_t lane, uint32_t epoch, uintptr_t address,
                                      uint64_t size, bool write, bool atomic) {
  std::optional<PastAccess> newest;
  // An epoch of a lane runs on one processor at a time but may move between them; which
  // of two rings holds the later part cannot be told, any match is a true one.
  for (const Ring* ring = first_ring(); ring != nullptr; ring = ring->next()) {
    ring->for_each_access([&](const Segment& segment, const RecordedAccess& access) {
      if (segment.lane == lane && segment.epoch == epoch && access.write == write &&
          access.atomic == atomic && overlaps(access, address, size)) {
        newest.emplace();
        newest->access = access;
        newest->fiber_id = segment.fiber_id;
      }
      return false;
    });
    if (newest) break;
  }
  if (newest) newest->stack = stack_of(newest->access.context);
  return newest;
}

uint64_t overwritten_events() {
  uint64_t sum = 0;
  for (const Ring* ring = first_ring(); ring != nullptr; ring = ring->next()) {
    sum += ring->overwritten();
  }
  return sum;
}

}  // namespace fibersan
