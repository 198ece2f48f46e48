#include "detector/race/known_fibers.h"

#include <atomic>
#include <cstring>
#include <new>

#include "detector/clock/lane.h"
#include "detector/clock/slab.h"
#include "detector/clock/spin_lock.h"
#include "detector/race/names.h"

namespace fibersan {
namespace {

struct FiberRecord {
  FiberInfo info;
  uint32_t ended_in = 0;  // the sweep, see Sweep
  uint32_t needed_in = 0;
  char* name = nullptr;
  FiberRecord* next = nullptr;
  fsan_fiber* live = nullptr;
};
static_assert(sizeof(FiberRecord) == 72);

// Chains grow at their head and lose records to the sweep alone, so that it may read them without
// the lock.
struct Bucket {
  SpinLock lock;  // rank 9
  // Changes under the lock. release [R1]: the record is complete. Pairs with [A1].
  std::atomic<FiberRecord*> newest{nullptr};
};

template <typename T>
T peek(const T& value) {
  // relaxed: what others write under the lock while the sweep looks; it decides under the lock.
  return std::atomic_ref<T>(const_cast<T&>(value)).load(std::memory_order_relaxed);
}
template <typename T>
void put(T& place, T value) {
  std::atomic_ref<T>(place).store(value, std::memory_order_relaxed);  // as in peek()
}

constexpr unsigned kBucketBits = 16;
constexpr unsigned kBuckets = 1u << kBucketBits;
constinit Bucket buckets[kBuckets];
constinit Slab record_slab(sizeof(FiberRecord));
constinit Slab name_slab(KnownFiber::kNameSize);
// The newest fiber, the newest thread.
std::atomic<uint64_t> newest_id[2] = {0, kThreadIds};
std::atomic<uint32_t> sweep_number{1};
// No fiber that lives is in one from here on. In steps, so that it is seldom written.
constexpr uint32_t kBucketStep = 1024;
std::atomic<uint32_t> buckets_with_live{0};

// Consecutive ids in consecutive buckets: creators and what they create are close together.
Bucket& bucket_of(uint64_t id) { return buckets[id & (kBuckets - 1)]; }

FiberRecord* find_in(Bucket& bucket, uint64_t id) FIBERSAN_REQUIRES(bucket.lock) {
  FiberRecord* record = bucket.newest.load(std::memory_order_relaxed);  // relaxed: under the lock
  while (record != nullptr && record->info.id != id) record = record->next;
  return record;
}

unsigned kind_of(uint64_t id) { return is_thread_id(id) ? 1 : 0; }

FiberRecord& record_of(FiberInfo& info) { return reinterpret_cast<FiberRecord&>(info); }

void set_name(FiberRecord& record, const char* name) {
  if (name == nullptr || *name == 0) {
    if (record.name != nullptr) name_slab.free(record.name);
    record.name = nullptr;
    return;
  }
  if (record.name == nullptr) record.name = static_cast<char*>(name_slab.allocate());
  copy_name(*reinterpret_cast<char(*)[KnownFiber::kNameSize]>(record.name), name);
}

void drop(FiberRecord* record) {
  set_name(*record, nullptr);
  record->~FiberRecord();
  record_slab.free(record);
}

// Drops records that nobody needs. In steps, each short.
class Sweep {
 public:
  constexpr Sweep() = default;

  void step() {
    if (!lock_.try_lock()) return;
    if (phase_ == Phase::kNone && is_due()) begin(kRecent);
    if (phase_ != Phase::kNone) slice();
    lock_.unlock();
  }
  void whole(uint64_t recent) {
    SpinGuard guard(lock_);
    begin(recent);
    while (phase_ != Phase::kNone) slice();
  }

 private:
  enum class Phase : uint8_t { kNone, kLanes, kCreators, kDropping };
  static constexpr unsigned kSliceLanes = 1024;
  static constexpr unsigned kSliceBuckets = 256;
  // Most records have left the caches since their fibers ended.
  static constexpr unsigned kAhead = 16;
  // Whose accesses are likely to be found in the rings.
  static constexpr uint64_t kRecent = uint64_t{1} << 15;
  // Of a chain of creators above one that is needed.
  static constexpr unsigned kGenerations = 32;

  bool is_due() FIBERSAN_REQUIRES(lock_) {
    uint64_t created = 0;
    for (const unsigned kind : {0, 1}) {
      const uint64_t newest = newest_id[kind].load(std::memory_order_relaxed);  // relaxed: a number
      created += newest - swept_at_[kind];
    }
    return created > 2 * (kept_ > kRecent ? kept_ : kRecent);
  }

  void begin(uint64_t recent) FIBERSAN_REQUIRES(lock_) {
    // relaxed: who ends at this moment is kept this time or goes at once, both are fine.
    number_ = sweep_number.fetch_add(1, std::memory_order_relaxed) + 1;
    for (const unsigned kind : {0, 1}) {
      swept_at_[kind] = newest_id[kind].load(std::memory_order_relaxed);
      recent_from_[kind] = swept_at_[kind] > recent ? swept_at_[kind] - recent : 0;
    }
    next_ = 0;
    kept_ = 0;
    last_creator_ = kNoFiberId;
    phase_ = Phase::kLanes;
  }

  void slice() FIBERSAN_REQUIRES(lock_) {
    if (phase_ == Phase::kLanes) {
      const LaneId end = lane_table.lane_bound();
      for (unsigned i = 0; i < kSliceLanes && next_ < end; ++i, ++next_) need_owner(next_);
      if (next_ >= end) go_on(Phase::kCreators);
      return;
    }
    for (unsigned i = 0; i < kSliceBuckets; ++i, ++next_) {
      const Bucket& ahead = buckets[(next_ + kAhead) % kBuckets];
      __builtin_prefetch(ahead.newest.load(std::memory_order_relaxed));  // relaxed: a hint
      if (phase_ == Phase::kCreators) {
        need_creators(buckets[next_]);
      } else {
        drop_from(buckets[next_]);
      }
    }
    if (next_ == kBuckets) go_on(phase_ == Phase::kCreators ? Phase::kDropping : Phase::kNone);
  }

  void go_on(Phase phase) FIBERSAN_REQUIRES(lock_) {
    phase_ = phase;
    next_ = 0;
  }

  // A stamp of the lane may be in the shadow, and is reported in its last owner's name.
  void need_owner(LaneId lane) FIBERSAN_REQUIRES(lock_) {
    if (lane_table.retired(lane)) need(lane_table.last_owner(lane));
  }

  // The fiber's creator, if the record is needed from now on and was not before.
  uint64_t need(uint64_t id) FIBERSAN_REQUIRES(lock_) {
    Bucket& bucket = bucket_of(id);
    SpinGuard guard(bucket.lock);
    FiberRecord* const record = find_in(bucket, id);
    if (record == nullptr || is_needed(*record)) return kNoFiberId;
    record->needed_in = number_;
    return record->info.creator_id;
  }

  [[nodiscard]] bool is_needed(const FiberRecord& record) const FIBERSAN_REQUIRES(lock_) {
    return !peek(record.info.finished) || peek(record.ended_in) >= number_ ||
           record.needed_in == number_ || record.info.id > recent_from_[kind_of(record.info.id)];
  }

  // Up each chain as far as nobody has been.
  void need_creators(const Bucket& bucket) FIBERSAN_REQUIRES(lock_) {
    const FiberRecord* record = bucket.newest.load(std::memory_order_acquire);  // acquire [A1]
    for (; record != nullptr; record = record->next) {
      if (!is_needed(*record)) continue;
      uint64_t id = peek(record->info.creator_id);
      if (id == last_creator_) continue;  // mostly
      last_creator_ = id;
      for (unsigned n = 0; id != kNoFiberId && n < kGenerations; ++n) id = need(id);
    }
  }

  bool has_some_to_drop(const Bucket& bucket) FIBERSAN_REQUIRES(lock_) {
    unsigned kept = 0;
    const FiberRecord* record = bucket.newest.load(std::memory_order_acquire);  // acquire [A1]
    for (; record != nullptr && is_needed(*record); record = record->next) ++kept;
    if (record == nullptr) kept_ += kept;
    return record != nullptr;
  }

  void drop_from(Bucket& bucket) FIBERSAN_REQUIRES(lock_) {
    if (!has_some_to_drop(bucket)) return;
    FiberRecord* dropped = nullptr;
    {
      SpinGuard guard(bucket.lock);
      // relaxed: under the lock. What is behind a record was complete before it.
      FiberRecord* record = bucket.newest.load(std::memory_order_relaxed);
      FiberRecord* kept = nullptr;
      while (record != nullptr) {
        FiberRecord* const next = record->next;
        if (is_needed(*record)) {
          ++kept_;
          kept = record;
        } else {
          if (kept != nullptr) {
            kept->next = next;
          } else {
            bucket.newest.store(next, std::memory_order_relaxed);
          }
          record->next = dropped;
          dropped = record;
        }
        record = next;
      }
    }
    while (dropped != nullptr) {
      FiberRecord* const next = dropped->next;
      drop(dropped);
      dropped = next;
    }
  }

  SpinLock lock_;  // rank 8
  Phase phase_ FIBERSAN_GUARDED_BY(lock_) = Phase::kNone;
  uint32_t number_ FIBERSAN_GUARDED_BY(lock_) = 0;
  uint32_t next_ FIBERSAN_GUARDED_BY(lock_) = 0;
  uint64_t swept_at_[2] FIBERSAN_GUARDED_BY(lock_) = {0, kThreadIds};
  uint64_t recent_from_[2] FIBERSAN_GUARDED_BY(lock_) = {};
  uint64_t kept_ FIBERSAN_GUARDED_BY(lock_) = 0;
  uint64_t last_creator_ FIBERSAN_GUARDED_BY(lock_) = kNoFiberId;  // whose chain was marked last
};

constinit Sweep sweep;

}  // namespace

namespace {

// relaxed: who looks for the fiber is ordered after its creation.
void raise_buckets_with_live(uint64_t id) {
  const uint32_t index = id & (kBuckets - 1);
  uint32_t seen = buckets_with_live.load(std::memory_order_relaxed);
  while (__builtin_expect(index >= seen, 0) &&
         !buckets_with_live.compare_exchange_weak(seen, (index / kBucketStep + 1) * kBucketStep,
                                                  std::memory_order_relaxed)) {
  }
}

// relaxed: a number.
void note_id(uint64_t id) {
  std::atomic<uint64_t>& newest = newest_id[kind_of(id)];
  uint64_t seen = newest.load(std::memory_order_relaxed);
  while (id > seen && !newest.compare_exchange_weak(seen, id, std::memory_order_relaxed)) {
  }
}

}  // namespace

uint64_t fibers_created() { return newest_id[0].load(std::memory_order_relaxed); }

FiberInfo* make_fiber_info(uint64_t id, uint64_t creator_id, StackId created, const char* name,
                           fsan_fiber* live) {
  auto* record = new (record_slab.allocate()) FiberRecord;
  record->live = live;
  if (live != nullptr) {
    live->info = &record->info;
    raise_buckets_with_live(id);
  }
  record->info = {.id = id, .creator_id = creator_id, .created = created};
  set_name(*record, name);
  note_id(id);
  Bucket& bucket = bucket_of(id);
  SpinGuard guard(bucket.lock);
  record->next = bucket.newest.load(std::memory_order_relaxed);  // relaxed: under the lock
  bucket.newest.store(record, std::memory_order_release);        // release [R1]
  return &record->info;
}

void set_creator(FiberInfo& info, uint64_t creator_id, StackId created) {
  Bucket& bucket = bucket_of(info.id);
  SpinGuard guard(bucket.lock);
  put(info.creator_id, creator_id);
  info.created = created;
}

void name_fiber(FiberInfo& info, const char* name) {
  Bucket& bucket = bucket_of(info.id);
  SpinGuard guard(bucket.lock);
  set_name(record_of(info), name);
}

void fiber_info_ended(FiberInfo& info) {
  Bucket& bucket = bucket_of(info.id);
  SpinGuard guard(bucket.lock);
  put(info.finished, true);
  record_of(info).live = nullptr;
  put(record_of(info).ended_in, sweep_number.load(std::memory_order_relaxed));
}

void not_live(FiberInfo& info) {
  Bucket& bucket = bucket_of(info.id);
  SpinGuard guard(bucket.lock);
  record_of(info).live = nullptr;
}

fsan_fiber* next_live(uint32_t& place) {
  const uint32_t end = buckets_with_live.load(std::memory_order_relaxed);  // as when raised
  for (; place < end; ++place) {
    Bucket& bucket = buckets[place];
    SpinGuard guard(bucket.lock);
    // relaxed: under the lock.
    const FiberRecord* record = bucket.newest.load(std::memory_order_relaxed);
    for (; record != nullptr; record = record->next)
      if (record->live != nullptr) return record->live;
  }
  buckets_with_live.store(0, std::memory_order_relaxed);
  return nullptr;
}

void for_each_fiber(void (*visit)(const fsan_fiber&, void*), void* data) {
  for (Bucket& bucket : buckets) {
    SpinGuard guard(bucket.lock);
    // relaxed: under the lock.
    const FiberRecord* record = bucket.newest.load(std::memory_order_relaxed);
    for (; record != nullptr; record = record->next)
      if (record->live != nullptr) visit(*record->live, data);
  }
}

bool visit_live_fiber(uint64_t id, void (*visit)(const fsan_fiber&, void*), void* data) {
  Bucket& bucket = bucket_of(id);
  SpinGuard guard(bucket.lock);
  const FiberRecord* const record = find_in(bucket, id);
  if (record == nullptr || record->live == nullptr) return false;
  visit(*record->live, data);
  return true;
}

std::optional<KnownFiber> find_fiber(uint64_t id) {
  Bucket& bucket = bucket_of(id);
  SpinGuard guard(bucket.lock);
  const FiberRecord* const record = find_in(bucket, id);
  if (record == nullptr) return std::nullopt;
  KnownFiber known{record->info, {}};
  if (record->name != nullptr) std::memcpy(known.name, record->name, KnownFiber::kNameSize);
  return known;
}

void forget_old_fibers() {
  static constinit thread_local unsigned calls = 0;
  if (++calls % 32 == 0) sweep.step();
}

void forget_all_old_fibers(uint64_t recent) { sweep.whole(recent); }

uint64_t known_fibers() { return record_slab.live(); }

}  // namespace fibersan
