#include "detector/shadow/record.h"

#include "detector/clock/lane.h"
#include "detector/shadow/record_memory.h"
#include "detector/shadow/record_pool.h"

namespace fibersan {

constinit std::atomic<Record*> internal::record_pieces[kRecordLimit >> kRecordPieceBits];

namespace {

constexpr unsigned kShards = 15;    // with the link of the pool 1 KiB
constexpr unsigned kReadKinds = 2;  // plain, atomic

// relaxed everywhere: only sums count.
constinit std::atomic<uint64_t> forgotten_count{0};
constinit std::atomic<unsigned> waits_before_shards{8};

// Threads are spread in the order in which they first come here.
unsigned shard_of_this_thread() {
  static constinit std::atomic<unsigned> threads{0};
  static constinit thread_local unsigned shard __attribute__((tls_model("initial-exec"))) = ~0u;
  if (shard == ~0u) shard = threads.fetch_add(1, std::memory_order_relaxed) % kShards;
  return shard;
}

constexpr unsigned kind_of(Stamp stamp) { return static_cast<unsigned>(stamp >> 62); }
constexpr bool conflict(unsigned a, unsigned b) { return (a & b) == 0; }
static_assert(FSAN_STAMP_ATOMIC == Stamp{1} << 62 && FSAN_STAMP_READ == Stamp{1} << 63);

}  // namespace

struct alignas(64) Shard {
  SpinLock lock;  // rank 16
  StampSet reads[kReadKinds];

  // Of the kinds whose read bit is set.
  StampSet& set_of(Stamp stamp) { return reads[kind_of(stamp) & 1]; }
};
struct Shards {
  Shard of[kShards];
  Shards* next_free;  // under the pool's lock
};

namespace {

// R1: what is given back is linked and used again, never freed.
class ShardsPool {
 public:
  Shards* take() {
    const SpinGuard guard(lock_);
    if (Shards* const first = first_) {
      first_ = first->next_free;
      return first;
    }
    // Counted in the budget for ever; zeroed memory has open locks and empty sets.
    return static_cast<Shards*>(allocate_record_memory(kBytes));
  }
  void give_back(Shards* shards) {
    const SpinGuard guard(lock_);
    shards->next_free = first_;
    first_ = shards;
  }

 private:
  static constexpr size_t kBytes = 1024;
  static_assert(sizeof(Shards) <= kBytes);
  SpinLock lock_;  // rank 17
  Shards* first_ FIBERSAN_GUARDED_BY(lock_) = nullptr;
};
constinit ShardsPool shards_pool;

[[clang::no_destroy]] constinit const FiberClock knows_nothing;

void insert(StampSet& set, Stamp stamp, const FiberClock& clock, bool* was_there = nullptr) {
  uint64_t forgotten = 0;
  const bool there = set.insert(stamp, clock, forgotten);
  if (was_there != nullptr) *was_there = there;
  if (forgotten != 0) count_forgotten(forgotten);
}

}  // namespace

// The locks of shards are as many as the pointer says, which the analysis cannot follow.
Record::Hold Record::lock(bool for_read) FIBERSAN_UNCHECKED {
  for (;;) {
    // acquire [A1], pairs with the release [R1] in make_shards().
    Shards* shards = shards_.load(std::memory_order_acquire);
    if (for_read && shards != nullptr) {
      shards->of[shard_of_this_thread()].lock.lock();
      if (shards_.load(std::memory_order_relaxed) == shards) return Hold::kAsReader;  // R2
      shards->of[shard_of_this_thread()].lock.unlock();
      continue;
    }
    const bool waits = !main_.try_lock();
    if (waits) main_.lock();
    shards = shards_.load(std::memory_order_relaxed);
    if (!for_read) {
      if (shards != nullptr)
        for (Shard& shard : shards->of) shard.lock.lock();
      return Hold::kAlone;
    }
    if (shards == nullptr) {
      if (waits && waits_ != 255) ++waits_;
      if (waits_ < waits_before_shards.load(std::memory_order_relaxed)) return Hold::kAlone;
      make_shards();
      if (shards_.load(std::memory_order_relaxed) == nullptr) return Hold::kAlone;
    }
    main_.unlock();
  }
}

void Record::unlock(Hold hold) FIBERSAN_UNCHECKED {
  Shards* const shards = shards_.load(std::memory_order_relaxed);
  if (hold == Hold::kAsReader) {
    shards->of[shard_of_this_thread()].lock.unlock();
    return;
  }
  const bool is_over = is_over_;
  is_over_ = false;
  if (is_over) shards_.store(nullptr, std::memory_order_relaxed);
  if (shards != nullptr)
    for (Shard& shard : shards->of) shard.lock.unlock();
  main_.unlock();
  if (is_over && shards != nullptr) shards_pool.give_back(shards);
}

Looked Record::look(Stamp access, const FiberClock& clock, Races& races, Hold hold) {
  if (hold == Hold::kAsReader) return {look_as_reader(access, clock, races), 0, 0, 0};
  return large_ ? look_large(access, clock, races) : look_small(access, clock, races);
}

bool Record::holds(Stamp access, Hold hold) const {
  for (unsigned i = 0; small() && i < count_; ++i)
    if (stamp_subsumes(small_[i], access)) return true;
  if (small()) return false;
  if (hold == Hold::kAsReader && shards_.load(std::memory_order_relaxed)
                                     ->of[shard_of_this_thread()]
                                     .reads[kind_of(access) & 1]
                                     .holds(access))
    return true;
  return sets_[kind_of(access)].holds(access);
}

bool Record::look_as_reader(Stamp access, const FiberClock& clock, Races& races) {
  for (unsigned kind = 0; kind < kKinds; ++kind)
    if (conflict(kind_of(access), kind)) sets_[kind].find_races(access, clock, races);
  bool was_there = false;
  insert(shards_.load(std::memory_order_relaxed)->of[shard_of_this_thread()].set_of(access), access,
         clock, &was_there);
  return was_there;
}

Looked Record::look_small(Stamp access, const FiberClock& clock, Races& races) {
  Stamp merged = access;  // with the bytes that its segment accessed before (C3)
  Stamp there = 0;
  for (unsigned i = 0; i < count_; ++i) {
    const Stamp earlier = small_[i];
    // Whoever extended the cell may have taken it along before we looked at the others.
    if (stamp_subsumes(earlier, access)) {
      there = earlier;
      continue;
    }
    if (same_segment_and_kind(earlier, access)) merged |= earlier & kStampMaskBits;
    if (races_with(earlier, access, clock)) races.add(earlier);
  }
  if (there != 0) return {true, 0, 0, there};
  unsigned kept = 0;
  // Not `merged` but for the own lane: bytes of this segment from before it learned of
  // `earlier` race with that.
  for (unsigned i = 0; i < count_; ++i) {
    const Stamp earlier = small_[i];
    if (same_segment_and_kind(earlier, access) || outdoes_on_lane(merged, earlier)) continue;
    const Stamp common = earlier & (access | ~kStampMaskBits);
    const bool may_trim = mask_is_superset(access, earlier) || !same_segment(access, earlier);
    const bool trims = may_trim && replaces(access, common, clock);  // R4
    const Stamp rest = trims ? earlier & ~(access & kStampMaskBits) : earlier;
    if ((rest & kStampMaskBits) != 0) small_[kept++] = rest;
  }
  count_ = static_cast<uint8_t>(kept);
  if (kept < 2) return {false, merged, kept == 0 ? 0 : small_[0], 0};
  put(merged);
  return {false, 0, 0, merged};
}

// What is read while others write it is a hint like any other.
Stamp Record::unsure_of(Stamp access) const {
  if (large_) return 0;
  for (unsigned i = 0; i < count_; ++i) {
    const Stamp earlier = __atomic_load_n(&small_[i], __ATOMIC_RELAXED);
    if (!same_lane(earlier, access) && masks_overlap(earlier, access) &&
        kinds_conflict(earlier, access))
      return earlier;
  }
  return 0;
}

Looked Record::look_large(Stamp access, const FiberClock& clock, Races& races) {
  const unsigned mine = kind_of(access);
  const bool writes = mine == 0;
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    if (writes) {
      sets_[kind].outdo(access, clock, races);
    } else if (conflict(mine, kind)) {
      sets_[kind].find_races(access, clock, races);
    }
  }
  if (Shards* const shards = shards_.load(std::memory_order_relaxed)) {
    for (Shard& shard : shards->of) {
      for (StampSet& reads : shard.reads) {
        if (writes) {
          reads.outdo(access, clock, races);
        } else {
          reads.find_races(access, clock, races);
        }
      }
    }
  }
  if (writes && live() < 2) {
    const Stamp left = only_stamp();
    if (same_segment_and_kind(left, access)) return {false, access | left, 0, 0};  // C3
    return {false, access, left, 0};
  }
  bool was_there = false;
  insert(set_of(access), access, clock, &was_there);
  // One that outdid all others of its kind when the set had no room.
  return {was_there, 0, 0, 0};
}

// Of one that has at most one; 0: it has none.
Stamp Record::only_stamp() const {
  Stamp found = 0;
  visit([](Stamp stamp, void* data) { *static_cast<Stamp*>(data) = stamp; }, &found);
  return found;
}

uint64_t Record::live() const {
  uint64_t sum = 0;
  for (const StampSet& set : sets_) sum += set.live;
  if (const Shards* const shards = shards_.load(std::memory_order_relaxed)) {
    for (const Shard& shard : shards->of)
      for (const StampSet& reads : shard.reads) sum += reads.live;
  }
  return sum;
}

void Record::put(Stamp stamp) {
  if (small() && count_ == kSmall) make_large();
  if (!large_ && count_ == kSmall) return forget_one_for(stamp);
  if (small()) {
    small_[count_++] = stamp;
    return;
  }
  insert(set_of(stamp), stamp, knows_nothing);
}

// What tells least: a read of a fiber that has ended, any read, the oldest.
void Record::forget_one_for(Stamp stamp) {
  unsigned chosen = 0;
  for (unsigned rank = 0, i = 0; i < count_; ++i) {
    const bool ended = lane_table.state(stamp_lane(small_[i])) == LaneState::kRetired;
    const unsigned is = (stamp_is_read(small_[i]) ? 2u : 0u) + (ended ? 1u : 0u);
    if (is > rank) chosen = i, rank = is;
  }
  for (unsigned i = chosen; i + 1 < count_; ++i) small_[i] = small_[i + 1];
  small_[count_ - 1] = stamp;
  count_forgotten(1);
}

// Left as it is when there is no memory.
void Record::make_large() {
  Stamp stamps[kSmall];
  const unsigned count = count_;
  for (unsigned i = 0; i < count; ++i) stamps[i] = small_[i];
  for (StampSet& set : sets_) set = {};
  large_ = true;
  count_ = 0;
  for (unsigned i = 0; i < count; ++i) {
    uint64_t forgotten = 0;
    set_of(stamps[i]).insert(stamps[i], knows_nothing, forgotten);
    if (forgotten == 0) continue;
    for (StampSet& set : sets_) set.clear();
    large_ = false;
    count_ = static_cast<uint8_t>(count);
    for (unsigned j = 0; j < count; ++j) small_[j] = stamps[j];
    return;
  }
}

void Record::make_shards() {
  if (!large_) make_large();
  if (!large_) return;
  // release [R1], pairs with the acquire [A1] in lock(): its sets are empty.
  shards_.store(shards_pool.take(), std::memory_order_release);
}

void Record::visit(void (*visitor)(Stamp, void*), void* data) const {
  if (small()) {
    for (unsigned i = 0; i < count_; ++i) visitor(small_[i], data);
    return;
  }
  for (const StampSet& set : sets_) set.visit(visitor, data);
  if (const Shards* const shards = shards_.load(std::memory_order_relaxed)) {
    for (const Shard& shard : shards->of)
      for (const StampSet& reads : shard.reads) reads.visit(visitor, data);
  }
}

void Record::clear() {
  if (large_) {
    for (StampSet& set : sets_) set.clear();
    if (Shards* const shards = shards_.load(std::memory_order_relaxed)) {
      for (Shard& shard : shards->of)
        for (StampSet& reads : shard.reads) reads.clear();
    }
  }
  large_ = false;
  count_ = 0;
  waits_ = 0;
  is_over_ = true;
}

constinit RecordPool record_pool;

uint32_t take_record() { return record_pool.take(); }
void give_back_record(uint32_t number) { record_pool.give_back(number); }
uint64_t records_in_use() { return record_pool.in_use(); }

uint32_t RecordPool::take() {
  const SpinGuard guard(lock_);
  const uint32_t number = ready();
  if (number != 0) return taken(number);
  if (used_ == internal::kRecordLimit) return 0;
  void* const memory = allocate_record_memory(sizeof(Record) * kPieceRecords);
  if (memory == nullptr) return 0;
  // release [R2], pairs with the acquire [A2] in record_at(). Zeroed records are empty.
  internal::record_pieces[used_ >> internal::kRecordPieceBits].store(static_cast<Record*>(memory),
                                                                     std::memory_order_release);
  return taken(used_);
}

void RecordPool::give_back(uint32_t number) {
  const SpinGuard guard(lock_);
  put_locked(number);
}

uint64_t RecordPool::in_use() {
  const SpinGuard guard(lock_);
  return in_use_;
}

void count_forgotten(uint64_t stamps) {
  forgotten_count.fetch_add(stamps, std::memory_order_relaxed);
}
uint64_t forgotten_stamps() { return forgotten_count.load(std::memory_order_relaxed); }
void set_waits_before_shards(unsigned waits) {
  waits_before_shards.store(waits, std::memory_order_relaxed);
}

}  // namespace fibersan
