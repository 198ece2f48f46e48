// record.h: the stamps of one extended cell, and the locks around them.
//
// State:    up to kSmall stamps in a row; more of them in four sets, one for each kind. Once
//           readers had to wait for each other, each of kShards groups of threads has sets of
//           reads of its own.
// Cost:     128 bytes, with shards 1 KiB more; a set at least 256. An access of a large record
//           looks at the sets of conflicting kinds only: a read's cost does not depend on
//           the other reads.
// Threads:  lock() first. Held alone: main lock (rank 15) and those of all shards (rank 16,
//           in order). Held as a reader: the lock of one shard, under which all but the other
//           shards' stamps hold still.
// Not here: which record is whose, and how slots follow, see extended.h.
//
// Invariants
//   R1  Records and shards are never unmapped and their locks never made anew, so that a
//       thread may lock one that has become another cell's: it then finds that out.
//   R2  `shards` changes only while the record is held alone.
//   R3  A stamp of a lane may be in several shards; all of them are true.
//   R4  C2 of cell.h holds byte by byte: an access that would take the place of an earlier one but
//       for bytes that it has not takes its own bytes from it. So what one lane leaves in a small
//       record is at most a write and a later read of each byte and kind, whatever its epochs.
#ifndef FIBERSAN_DETECTOR_SHADOW_RECORD_H
#define FIBERSAN_DETECTOR_SHADOW_RECORD_H

#include <atomic>
#include <cstdint>

#include "detector/clock/spin_lock.h"
#include "detector/shadow/cell.h"
#include "detector/shadow/stamp_set.h"

namespace fibersan {

struct Shards;

// What an access met in a record.
struct Looked {
  bool was_there = false;  // the access's stamp, or one that subsumes it
  Stamp only = 0;    // what the access left; it and `beside` go into the slots (extended.h E5)
  Stamp beside = 0;  // the only other stamp that matters now; 0: none does
  Stamp shown = 0;   // subsumes the access and is in the record; 0: the access itself
};

// What a small record makes of an access of whose races it is sure that there are none.
struct RecordChange {
  enum class Step : uint8_t {
    kNone,
    kPut,
    kFits,   // nothing but `stamp` and `beside` matters now: they go into the slots (extended.h E5)
    kUnsure  // look() decides
  };
  Step step;
  uint8_t place;     // of `stamp`, among those there or behind them
  uint8_t bytes;     // of the access; `stamp` may have more, of before it knew what it knows now
  uint16_t dropped;  // bit i: small_[i] is replaced
  uint16_t trimmed;  // bit i: small_[i] is replaced in the access's bytes (R4)
  Stamp stamp;       // kNone: covers the access; kPut: the access with its segment's bytes
  Stamp beside;      // kFits: the other one, or 0
};

class alignas(64) Record {
 public:
  static constexpr unsigned kSmall = 13;

  enum class Hold { kAlone, kAsReader };

  // As a reader only for reads, and only of a record with shards.
  Hold lock(bool for_read);
  void unlock(Hold hold);

  // While it is locked, and `hold` says how.
  // Finds races, drops what `access` replaces (cell.h C2), and puts it where it belongs (C3).
  Looked look(Stamp access, const FiberClock& clock, Races& races, Hold hold);

  // lock() for small records, without waiting. `parallel`: more than one thread makes accesses.
  bool lock_small(bool parallel) FIBERSAN_UNCHECKED;
  [[gnu::always_inline]] void unlock_small() FIBERSAN_UNCHECKED { main_.unlock(); }
  // As look(), in two steps. Ordered before are the own lane's stamps, and those of which
  // ordered(stamp) says so.
  template <typename Ordered>
  RecordChange plan(Stamp access, Ordered ordered) const;
  void carry_out(const RecordChange& change);
  [[gnu::always_inline]] void clear_small() { count_ = waits_ = 0; }
  // Where there is room.
  [[gnu::always_inline]] void put_small(Stamp stamp) { small_[count_++] = stamp; }
  // One that the access may have to ask the clock about, without a lock; 0: none.
  Stamp unsure_of(Stamp access) const;

  // Whether the access's stamp is in it, or one that subsumes it; some copies may be missed.
  bool holds(Stamp access, Hold hold) const;

  // While it is held alone.
  void put(Stamp stamp);
  void visit(void (*visitor)(Stamp, void*), void* data) const;
  // It is nobody's from now on. Shards go back once it is unlocked.
  void clear();

  uint32_t next_free = 0;  // under the pool's lock

 private:
  static constexpr unsigned kKinds = 4;

  bool small() const { return !large_; }
  Looked look_small(Stamp access, const FiberClock& clock, Races& races);
  Looked look_large(Stamp access, const FiberClock& clock, Races& races);
  bool look_as_reader(Stamp access, const FiberClock& clock, Races& races);
  uint64_t live() const;
  Stamp only_stamp() const;
  void make_large();
  void make_shards();
  void forget_one_for(Stamp stamp);
  StampSet& set_of(Stamp stamp) { return sets_[stamp >> 62]; }

  SpinLock main_;
  bool large_ = false;
  bool is_over_ = false;  // shards go back at the unlock
  uint8_t count_ = 0;     // of small_
  uint8_t waits_ = 0;     // readers that found it locked
  std::atomic<Shards*> shards_{nullptr};
  union {
    Stamp small_[kSmall];
    StampSet sets_[kKinds] = {};
  };
};
static_assert(sizeof(Record) == 128);

// The records in use have numbers from 1 on, below 2^24. 0: there is no room for one.
[[nodiscard]] uint32_t take_record();
void give_back_record(uint32_t number);
inline Record& record_at(uint32_t number);
uint64_t records_in_use();

// Stamps that were forgotten because there was no memory for them.
void count_forgotten(uint64_t stamps);
uint64_t forgotten_stamps();

namespace internal {

// Records lie in pieces that are mapped as they are needed and stay.
inline constexpr uint32_t kRecordLimit = 1u << 24;
inline constexpr unsigned kRecordPieceBits = 14;
extern constinit std::atomic<Record*> record_pieces[kRecordLimit >> kRecordPieceBits];

}  // namespace internal

[[gnu::always_inline]] inline Record& record_at(uint32_t number) {
  // acquire [A2], pairs with the release [R2] of whoever mapped the piece.
  return internal::record_pieces[number >> internal::kRecordPieceBits].load(
      std::memory_order_acquire)[number & ((1u << internal::kRecordPieceBits) - 1)];
}

[[gnu::always_inline]] inline bool Record::lock_small(bool parallel) {
  if (!main_.try_lock_if(parallel)) return false;
  // relaxed: it changes under the lock.
  if (!large_ && shards_.load(std::memory_order_relaxed) == nullptr) return true;
  main_.unlock();
  return false;
}

template <typename Ordered>
[[gnu::always_inline]] inline RecordChange Record::plan(Stamp access, Ordered ordered) const {
  using Step = RecordChange::Step;
  const unsigned count = count_;
  RecordChange change = {Step::kPut, static_cast<uint8_t>(count), stamp_mask(access), 0, 0, access,
                         0};
  for (unsigned i = 0; i < count; ++i) {
    const Stamp earlier = small_[i];
    if (stamp_subsumes(earlier, access)) return {Step::kNone, 0, 0, 0, 0, earlier, 0};
    if (same_segment_and_kind(earlier, access)) {
      change.stamp |= earlier & kStampMaskBits;  // C3
      change.place = static_cast<uint8_t>(i);
    } else if (same_lane(earlier, access) || ordered(earlier)) {
      if ((access & ~earlier & kStampKindField) != 0) continue;
      if (mask_is_superset(access, earlier))
        change.dropped |= static_cast<uint16_t>(1u << i);
      else if (!same_segment(access, earlier))
        change.trimmed |= static_cast<uint16_t>(1u << i);
    } else if (masks_overlap(earlier, access) && kinds_conflict(earlier, access)) {
      change.step = Step::kUnsure;  // though it may turn out to be covered
    }
  }
  if (change.stamp != access) {  // the own lane's are outdone by all bytes of the segment
    for (unsigned i = 0; i < count; ++i)
      if (i != change.place && outdoes_on_lane(change.stamp, small_[i]))
        change.dropped |= static_cast<uint16_t>(1u << i);
  } else if (change.place == count) {
    if (change.dropped != 0)
      change.place = static_cast<uint8_t>(__builtin_ctz(change.dropped));
    else if (count == kSmall)
      change.step = Step::kUnsure;
  }
  const unsigned left = ((1u << count) - 1) & ~(change.dropped | 1u << change.place);
  if ((left & (left - 1)) != 0 || change.step != Step::kPut) return change;
  change.step = Step::kFits;
  if (left != 0) {
    const bool trims = (change.trimmed & left) != 0;
    change.beside = small_[__builtin_ctz(left)] & ~Stamp{trims ? change.bytes : 0u};
  }
  return change;
}

[[gnu::always_inline]] inline void Record::carry_out(const RecordChange& change) {
  for (unsigned left = change.trimmed & ~change.dropped; left != 0; left &= left - 1)
    small_[__builtin_ctz(left)] &= ~Stamp{change.bytes};
  small_[change.place] = change.stamp;
  if (change.place == count_) ++count_;
  // From behind, so that what moves up stays.
  for (unsigned left = change.dropped & ~(1u << change.place); left != 0;) {
    const unsigned i = 31u - static_cast<unsigned>(__builtin_clz(left));
    small_[i] = small_[--count_];
    left &= ~(1u << i);
  }
}

// For tests: as many waiting readers give a record its shards; 0: every read by itself does.
void set_waits_before_shards(unsigned waits);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_RECORD_H
