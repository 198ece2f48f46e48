// limits.h: how many lanes, epochs and processors there are, as compile-time numbers.
//
// Input:    FIBERSAN_LANE_BITS, FIBERSAN_EPOCH_BITS and FIBERSAN_BROKEN_RULE may be
//           defined for a whole program (tests build the clock with 6 bits each).
// Not here: the layout of a stamp, which never changes, see stamp.h.
#ifndef FIBERSAN_DETECTOR_CLOCK_LIMITS_H
#define FIBERSAN_DETECTOR_CLOCK_LIMITS_H

#include <cstdint>

#ifndef FIBERSAN_LANE_BITS
#define FIBERSAN_LANE_BITS 24
#endif
#ifndef FIBERSAN_EPOCH_BITS
#define FIBERSAN_EPOCH_BITS 30
#endif
#ifndef FIBERSAN_BROKEN_RULE
#define FIBERSAN_BROKEN_RULE 0
#endif

namespace fibersan {

using LaneId = std::uint32_t;
using Epoch = std::uint32_t;

// What a stamp has room for.
inline constexpr unsigned kStampLaneBits = 24;
inline constexpr unsigned kStampEpochBits = 30;

inline constexpr unsigned kLaneBits = FIBERSAN_LANE_BITS;
inline constexpr unsigned kEpochBits = FIBERSAN_EPOCH_BITS;
static_assert(kLaneBits >= 3 && kLaneBits <= kStampLaneBits);
static_assert(kEpochBits >= 2 && kEpochBits <= kStampEpochBits);

// Lane values of a stamp that name no lane: the cell's stamps are in its overflow
// set, the cell belongs to memory that was freed.
inline constexpr LaneId kExtendedLane = (1u << kStampLaneBits) - 1;
inline constexpr LaneId kFreedLane = (1u << kStampLaneBits) - 2;
// Never in a stamp: a fiber that got no lane, a list that is empty.
inline constexpr LaneId kNoLane = ~0u;

// Lanes are 0 ... kLaneLimit - 1, epochs 1 ... kEpochLimit. Epoch 0 is known to all.
inline constexpr LaneId kLaneLimit = (1u << kLaneBits) - 2;
inline constexpr Epoch kEpochLimit = (1u << kEpochBits) - 1;

// A block is what one processor hands out lanes from, and one leaf of every clock.
inline constexpr unsigned kBlockBits = 6;
inline constexpr unsigned kBlockLanes = 1u << kBlockBits;
inline constexpr unsigned kBlockLimit = (kLaneLimit + kBlockLanes - 1) / kBlockLanes;

// Processors with lists of their own (one bit each in a word); indices beyond share them.
inline constexpr unsigned kProcessorLists = 64;

// 1 ... 6: the epoch rule of fiber_clock.h that this build breaks on purpose, 7: lanes that
// retired during a round of the collector are freed (lane.h I6), so that tests/model can show
// that it notices. 0 everywhere else.
inline constexpr int kBrokenRule = FIBERSAN_BROKEN_RULE;

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_LIMITS_H
