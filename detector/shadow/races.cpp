#include "detector/shadow/races.h"

#include <errno.h>

#include <algorithm>
#include <atomic>

#include "detector/clock/spin_lock.h"
#include "detector/history/mapping.h"

namespace fibersan {
namespace {

constexpr uint64_t kHeaderBytes = 4096;
constexpr uint64_t kRaceBytes = uint64_t{Races::kMost} * sizeof(Race);
constexpr uint64_t kIndexBytes = uint64_t{Races::kMost} * 4 * sizeof(uint64_t);
constexpr uint32_t kFirstMask = 1023;
constexpr uint32_t kKept = 4096;  // races whose memory stays while nobody uses it

// relaxed everywhere: only sums count.
constinit std::atomic<uint64_t> dropped{0};
constinit std::atomic<uint32_t> most_races{Races::kMost};

uint64_t key_of(Stamp stamp) { return stamp & ~kStampMaskBits; }

}  // namespace

// One mapping, committed as it is used: this, the races, and their index: an open-addressed table
// at most half full. Its entries carry a generation, those of another one are empty.
class RaceStore {
 public:
  static RaceStore* make() {
    const int saved = errno;
    void* const memory = try_map_memory(kHeaderBytes + kRaceBytes + kIndexBytes);
    errno = saved;
    return static_cast<RaceStore*>(memory);  // zeroed memory is empty
  }

  [[nodiscard]] uint32_t count() const { return count_; }
  Race* races() { return reinterpret_cast<Race*>(reinterpret_cast<char*>(this) + kHeaderBytes); }

  void add(Race race) {
    if (generation_ == 0) start_index(kFirstMask);
    const uint32_t at = place_of(race.stamp);
    if (filled(at) && races()[number_at(at)].takes(race.stamp, race.cell)) return;
    if (count_ >= most_races.load(std::memory_order_relaxed)) {
      dropped.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    put(at, count_);
    races()[count_++] = race;
    if (count_ * 2 <= mask_) return;
    start_index(mask_ * 2 + 1);
    for (uint32_t i = 0; i < count_; ++i) put(place_of(races()[i].stamp), i);
  }

  void empty() {
    if (count_ > kKept) {
      zero_memory(races(), kRaceBytes + kIndexBytes);
      generation_ = 0;
    } else {
      start_index(kFirstMask);
    }
    count_ = 0;
  }

  RaceStore* next_free;  // under the pool's lock

 private:
  uint64_t* index() {
    return reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(races()) + kRaceBytes);
  }
  void start_index(uint32_t mask) {
    mask_ = mask;
    ++generation_;
  }
  bool filled(uint32_t at) { return index()[at] >> 32 == generation_; }
  void put(uint32_t at, uint32_t number) { index()[at] = uint64_t{generation_} << 32 | number; }
  uint32_t number_at(uint32_t at) { return static_cast<uint32_t>(index()[at]); }
  // Where the last run of its segment and kind is, or would be.
  uint32_t place_of(Stamp stamp) {
    uint32_t at = static_cast<uint32_t>(key_of(stamp) * 0x9e3779b97f4a7c15u >> 40) & mask_;
    while (filled(at) && key_of(races()[number_at(at)].stamp) != key_of(stamp))
      at = (at + 1) & mask_;
    return at;
  }

  uint32_t count_;
  uint32_t mask_;
  uint32_t generation_;  // 0: there is no index yet
};
static_assert(sizeof(RaceStore) <= kHeaderBytes);
static_assert(Races::kMost * 4 <= 1u << 24, "the bits of a hash");

namespace {

// Stores are never unmapped: as many as accesses that raced with many at the same time.
class Pool {
 public:
  RaceStore* take() {
    {
      const SpinGuard guard(lock_);
      if (RaceStore* const first = first_) {
        first_ = first->next_free;
        return first;
      }
    }
    return RaceStore::make();
  }
  void give_back(RaceStore* store) {
    store->empty();
    const SpinGuard guard(lock_);
    store->next_free = first_;
    first_ = store;
  }

 private:
  SpinLock lock_;  // rank 17: nothing is called under it
  RaceStore* first_ FIBERSAN_GUARDED_BY(lock_) = nullptr;
};
constinit Pool pool;

}  // namespace

void Races::add_to_store(Race race) {
  if (store_ == nullptr) {
    const bool none = most_races.load(std::memory_order_relaxed) <= kWithin;
    store_ = none ? nullptr : pool.take();
    if (store_ == nullptr) {
      dropped.fetch_add(1, std::memory_order_relaxed);  // P1
      return;
    }
    for (uint32_t i = 0; i < count_; ++i) store_->add(within_[i]);
    stored_ = store_->races();
  }
  store_->add(race);
  count_ = store_->count();
}

void Races::give_back_store() {
  pool.give_back(store_);
  store_ = nullptr;
  stored_ = nullptr;
}

uint64_t dropped_races() { return dropped.load(std::memory_order_relaxed); }
void set_most_races(uint32_t most) {
  most_races.store(std::min(most, Races::kMost), std::memory_order_relaxed);
}

}  // namespace fibersan
