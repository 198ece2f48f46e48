// stamp.h: who accessed which bytes of a cell, when and how, in one word.
//
//   read:1 | atomic:1 | lane:24 | epoch:30 | mask:8        0 = nobody
//
// Cost:     every function is a few instructions on a register.
// Not here: whether the access happens before another, see fiber_clock.h.
//
// Invariants
//   I1  The bits are those of detector/abi/hooks.h, which the pass tests inline.
//   I2  A stamp that names an access has an epoch of at least 1 and a mask that is
//       not 0, so it is never 0.
#ifndef FIBERSAN_DETECTOR_CLOCK_STAMP_H
#define FIBERSAN_DETECTOR_CLOCK_STAMP_H

#include <cstdint>

#include "detector/abi/hooks.h"
#include "detector/clock/limits.h"

namespace fibersan {

using Stamp = std::uint64_t;

inline constexpr Stamp kStampMaskBits = 0xff;
inline constexpr Stamp kStampEpochField = ((Stamp{1} << kStampEpochBits) - 1)
                                          << FSAN_STAMP_EPOCH_SHIFT;
inline constexpr Stamp kStampLaneField = ((Stamp{1} << kStampLaneBits) - 1)
                                         << FSAN_STAMP_LANE_SHIFT;
inline constexpr Stamp kStampKindField = FSAN_STAMP_READ | FSAN_STAMP_ATOMIC;
static_assert((kStampMaskBits ^ kStampEpochField ^ kStampLaneField ^ kStampKindField) == ~Stamp{0});
static_assert(FSAN_STAMP_EPOCH_SHIFT == 8 &&
              FSAN_STAMP_LANE_SHIFT == FSAN_STAMP_EPOCH_SHIFT + kStampEpochBits);

// The kind bits of a stamp, or-ed into the running fiber's stamp.
enum class AccessKind : Stamp {
  kWrite = 0,
  kRead = FSAN_STAMP_READ,
  kAtomicWrite = FSAN_STAMP_ATOMIC,
  kAtomicRead = FSAN_STAMP_READ | FSAN_STAMP_ATOMIC,
};

constexpr Stamp make_stamp(LaneId lane, Epoch epoch, AccessKind kind = AccessKind::kWrite,
                           std::uint8_t mask = 0) {
  return (Stamp{lane} << FSAN_STAMP_LANE_SHIFT) | (Stamp{epoch} << FSAN_STAMP_EPOCH_SHIFT) |
         static_cast<Stamp>(kind) | mask;
}

constexpr LaneId stamp_lane(Stamp s) {
  return static_cast<LaneId>((s & kStampLaneField) >> FSAN_STAMP_LANE_SHIFT);
}
constexpr Epoch stamp_epoch(Stamp s) {
  return static_cast<Epoch>((s & kStampEpochField) >> FSAN_STAMP_EPOCH_SHIFT);
}
constexpr std::uint8_t stamp_mask(Stamp s) { return static_cast<std::uint8_t>(s & kStampMaskBits); }
constexpr AccessKind stamp_kind(Stamp s) { return static_cast<AccessKind>(s & kStampKindField); }
constexpr bool stamp_is_read(Stamp s) { return (s & FSAN_STAMP_READ) != 0; }
constexpr bool stamp_is_atomic(Stamp s) { return (s & FSAN_STAMP_ATOMIC) != 0; }

constexpr Stamp with_mask(Stamp s, std::uint8_t mask) { return (s & ~kStampMaskBits) | mask; }
constexpr Stamp with_kind(Stamp s, AccessKind kind) {
  return (s & ~kStampKindField) | static_cast<Stamp>(kind);
}

// No lane: the cell is extended, or its memory was freed.
constexpr bool stamp_is_extended(Stamp s) { return stamp_lane(s) == kExtendedLane; }
constexpr bool stamp_is_freed(Stamp s) { return stamp_lane(s) == kFreedLane; }

constexpr bool same_lane(Stamp a, Stamp b) { return ((a ^ b) & kStampLaneField) == 0; }
// The same fiber between the same two of its releases.
constexpr bool same_segment(Stamp a, Stamp b) {
  return ((a ^ b) & (kStampLaneField | kStampEpochField)) == 0;
}
constexpr bool masks_overlap(Stamp a, Stamp b) { return (a & b & kStampMaskBits) != 0; }
constexpr bool mask_is_superset(Stamp outer, Stamp inner) {
  return (inner & ~outer & kStampMaskBits) == 0;
}

// Two accesses that may race when they are unordered.
constexpr bool kinds_conflict(Stamp a, Stamp b) { return (a & b & kStampKindField) == 0; }

// The test that the pass emits: `slot` makes an access of `wanted` (the running
// fiber's stamp with kind and mask) needless to look at. Exactly as strict as there.
constexpr bool covered_inline(Stamp slot, Stamp wanted) {
  const Stamp running = wanted & (kStampLaneField | kStampEpochField);
  Stamp x = slot ^ (running | kStampMaskBits | (wanted & FSAN_STAMP_ATOMIC));
  if (stamp_is_read(wanted)) x &= ~FSAN_STAMP_READ;
  return running != 0 && (x & ((wanted & kStampMaskBits) | ~kStampMaskBits)) == 0;
}

// Whoever races with `inner` races with `outer` too: the same segment, at least the
// same bytes, and a kind that conflicts with at least as much.
constexpr bool stamp_subsumes(Stamp outer, Stamp inner) {
  return same_segment(outer, inner) && mask_is_superset(outer, inner) &&
         (outer & ~inner & kStampKindField) == 0;
}

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_STAMP_H
