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
  Stamp only = 0;          // all that matters now, and not put into the record: it goes into a slot
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
Record& record_at(uint32_t number);
uint64_t records_in_use();

// Stamps that were forgotten because there was no memory for them.
void count_forgotten(uint64_t stamps);
uint64_t forgotten_stamps();

// For tests: as many waiting readers give a record its shards; 0: every read by itself does.
void set_waits_before_shards(unsigned waits);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_RECORD_H
