#include "detector/history/history.h"

#include <algorithm>

namespace fibersan {

// An eighth more, for the headers between them.
void start_history(uint64_t events) { event_chunks.start(events + events / 8); }

namespace {

// From the newest chunk back: accesses that race are mostly recent. Which of two rings holds the
// later part of an epoch cannot be told; any match is a true one.
void find_one(SearchedAccess& one) {
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* chunk = event_chunks.begun_before(sequence, sequence)) {
    if (!Ring::find_last(*chunk, sequence, one.pattern, one.access, one.segment)) continue;
    one.found = true;
    return;
  }
}

}  // namespace

std::optional<PastAccess> find_access(uint32_t lane, uint32_t epoch, uintptr_t address,
                                      uint64_t size, bool write, bool atomic) {
  SearchedAccess one;
  one.pattern = {lane, epoch, address, size, write, atomic};
  find_one(one);
  if (!one.found) return std::nullopt;
  return PastAccess{one.access, one.segment.fiber_id, one.segment.held,
                    stack_of(one.access.context)};
}

bool is_before(const AccessPattern& a, const AccessPattern& b) {
  return a.lane != b.lane ? a.lane < b.lane : a.epoch < b.epoch;
}

namespace {

std::span<SearchedAccess> of_segment(std::span<SearchedAccess> sorted, const Segment& segment) {
  SearchedAccess wanted;
  wanted.pattern.lane = segment.lane;
  wanted.pattern.epoch = segment.epoch;
  const auto [begin, end] = std::equal_range(sorted.begin(), sorted.end(), wanted,
                                             [](const SearchedAccess& a, const SearchedAccess& b) {
                                               return is_before(a.pattern, b.pattern);
                                             });
  return {begin, end};
}

bool matches(const RecordedAccess& access, const AccessPattern& pattern) {
  return access.write == pattern.write && access.atomic == pattern.atomic &&
         access.address < pattern.address + pattern.size &&
         pattern.address < access.address + access.size;
}

}  // namespace

void find_accesses(std::span<SearchedAccess> sorted) {
  constexpr size_t kFew = 4;  // for which looking only at chunks of their segments is faster
  if (sorted.size() <= kFew) {
    for (SearchedAccess& one : sorted) find_one(one);
    return;
  }
  size_t left = sorted.size();
  uint64_t sequence = ~uint64_t{0};
  while (left != 0) {
    const EventChunk* const chunk = event_chunks.begun_before(sequence, sequence);
    if (chunk == nullptr) return;
    std::span<SearchedAccess> wanted;
    Ring::visit_chunk(
        *chunk, sequence,
        [&](const Segment& segment, const RecordedAccess& access) {
          for (SearchedAccess& one : wanted) {
            // The last one of the newest chunk that has any.
            if ((one.found && one.chunk != sequence) || !matches(access, one.pattern)) continue;
            left -= !one.found;
            one.found = true;
            one.chunk = sequence;
            one.access = access;
            one.segment = segment;
          }
        },
        [&](const Segment& segment) { wanted = of_segment(sorted, segment); });
  }
}

uint64_t overwritten_events() { return event_chunks.overwritten(); }

}  // namespace fibersan
