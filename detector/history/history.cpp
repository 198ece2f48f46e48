#include "detector/history/history.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fibersan {

// An eighth more, for the headers between them.
void start_history(uint64_t events) { event_chunks.start(events + events / 8); }

namespace {

auto key_of(const AccessPattern& a) {
  return std::tuple(a.lane, a.epoch, a.write, a.atomic, a.address);
}

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

std::optional<PastAccess> find_whole_write(uint32_t lane, uint32_t epoch, uintptr_t address,
                                           uint64_t size) {
  const uint64_t piece = Ring::size_of_first_piece(size);
  std::optional<PastAccess> found;
  uint64_t sequence = ~uint64_t{0};
  while (const EventChunk* const chunk = event_chunks.begun_before(sequence, sequence)) {
    if (!chunk->segments.may_contain(lane, epoch)) continue;
    Ring::visit_chunk(*chunk, sequence, [&](const Segment& segment, const RecordedAccess& access) {
      if (segment.lane != lane || segment.epoch != epoch || !access.write || access.atomic ||
          access.address != address || access.size != piece)
        return;
      found = {access, segment.fiber_id, segment.held, {}};
    });
    if (!found) continue;
    found->stack = stack_of(found->access.context);
    return found;
  }
  return std::nullopt;
}

bool is_before(const AccessPattern& a, const AccessPattern& b) { return key_of(a) < key_of(b); }

namespace {

constexpr uint64_t kCellBytes = 8;

std::span<SearchedAccess> of_segment(std::span<SearchedAccess> sorted, const Segment& segment) {
  const auto key = std::pair(segment.lane, segment.epoch);
  const auto segment_of = [](const SearchedAccess& one) {
    return std::pair(one.pattern.lane, one.pattern.epoch);
  };
  return std::ranges::equal_range(sorted, key, {}, segment_of);
}

// The first of its segment and kind that does not end before the access.
SearchedAccess* first_match(std::span<SearchedAccess> of_segment, const RecordedAccess& access) {
  const auto key = std::tuple(access.write, access.atomic, access.address);
  const auto ends_before = [&](const SearchedAccess& one) {
    const AccessPattern& pattern = one.pattern;
    return std::tuple(pattern.write, pattern.atomic, pattern.address + pattern.size - 1) < key;
  };
  return std::partition_point(of_segment.data(), of_segment.data() + of_segment.size(),
                              ends_before);
}

bool matches(const RecordedAccess& access, const AccessPattern& pattern) {
  return access.write == pattern.write && access.atomic == pattern.atomic &&
         access.address < pattern.address + pattern.size &&
         pattern.address < access.address + access.size;
}

// Of the cells that the access touches. How many of them were not explained before.
uint64_t explain(SearchedAccess& one, const RecordedAccess& access) {
  const AccessPattern& pattern = one.pattern;
  const uintptr_t begin = std::max(access.address, pattern.address);
  const uintptr_t end = std::min(access.address + access.size, pattern.address + pattern.size);
  const uintptr_t base = pattern.address / kCellBytes;
  uint64_t explained = 0;
  for (uintptr_t cell = begin / kCellBytes - base; cell <= (end - 1) / kCellBytes - base; ++cell) {
    uint64_t& word = one.unexplained[cell / 64];
    explained += word >> cell % 64 & 1;
    word &= ~(uint64_t{1} << cell % 64);
  }
  one.cells_left -= explained;
  return explained;
}

void take(SearchedAccess& one, uint64_t chunk, const Segment& segment,
          const RecordedAccess& access) {
  one.found = true;
  one.chunk = chunk;
  one.access = access;
  one.segment = segment;
}

}  // namespace

void find_accesses(std::span<SearchedAccess> sorted, AlsoFound also_found, void* data) {
  constexpr size_t kFew = 4;  // for which looking only at chunks of their segments is faster
  const bool are_few = sorted.size() <= kFew;
  uint64_t left = 0;
  for (const SearchedAccess& one : sorted) left += one.unexplained == nullptr ? 1 : one.cells_left;
  if (are_few && left == sorted.size()) {
    for (SearchedAccess& one : sorted) find_one(one);
    return;
  }
  uint64_t sequence = ~uint64_t{0};
  while (left != 0) {
    const EventChunk* const chunk = event_chunks.begun_before(sequence, sequence);
    if (chunk == nullptr) return;
    if (are_few && std::ranges::none_of(sorted, [&](const SearchedAccess& one) {
          return chunk->segments.may_contain(one.pattern.lane, one.pattern.epoch);
        }))
      continue;
    std::span<SearchedAccess> wanted;
    const auto visit_match = [&](SearchedAccess& one, const Segment& segment,
                                 const RecordedAccess& access) {
      if (one.unexplained != nullptr) {
        left -= explain(one, access);
        if (one.found) return also_found(one, segment, access, data);
        return take(one, sequence, segment, access);
      }
      // The last one of the newest chunk that has any.
      if (one.found && one.chunk != sequence) return;
      left -= !one.found;
      take(one, sequence, segment, access);
    };
    Ring::visit_chunk(
        *chunk, sequence,
        [&](const Segment& segment, const RecordedAccess& access) {
          if (wanted.empty()) return;
          SearchedAccess* const end = wanted.data() + wanted.size();
          for (SearchedAccess* one = first_match(wanted, access);
               one != end && matches(access, one->pattern); ++one)
            visit_match(*one, segment, access);
        },
        [&](const Segment& segment) { wanted = of_segment(sorted, segment); });
  }
}

uint64_t overwritten_events() { return event_chunks.overwritten(); }

}  // namespace fibersan
