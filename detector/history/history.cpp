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
  auto visit = [&](const Segment& segment, const RecordedAccess& access) {
    if (segment.lane != lane || segment.epoch != epoch || access.write != write ||
        access.atomic != atomic || !overlaps(access, address, size)) {
      return;
    }
    newest.emplace();
    newest->access = access;
    newest->fiber_id = segment.fiber_id;
    newest->lock_set = segment.lock_set;
  };
  // All rings backwards side by side: accesses that race are mostly recent. Which of two
  // rings holds the later part of an epoch cannot be told; any match is a true one.
  bool more = true;
  for (uint64_t piece = 0; more && !newest; ++piece) {
    more = false;
    for (const Ring* ring = first_ring(); ring != nullptr && !newest; ring = ring->next()) {
      more |= ring->visit_piece(piece, visit);
    }
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
