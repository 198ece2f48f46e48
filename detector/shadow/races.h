// races.h: what one access races with.
//
// Input:    stamps, and for ranges the cells they were found in.
// Output:   each segment and kind once, for ranges once for each run of neighbouring cells, in the
//           order in which they were added.
// State:    eight of them within; more in a store from a pool (races.cpp), up to kMost.
// Cost:     adding one is O(1); the ninth takes a store: a lock and, the first time, a mapping.
// Threads:  one; the pool any. Pool lock: rank 17, nothing is called under it.
//
// Invariants
//   P1  What finds no room, beyond kMost or without memory, is counted (dropped_races()).
#ifndef FIBERSAN_DETECTOR_SHADOW_RACES_H
#define FIBERSAN_DETECTOR_SHADOW_RACES_H

#include <cstdint>
#include <utility>

#include "detector/clock/stamp.h"

namespace fibersan {

struct Race {
  Stamp stamp;
  uintptr_t cell;  // the first one
  uint32_t cells;

  // Takes in a stamp that adds nothing, or one that goes on in the next cell.
  bool takes(Stamp other, uintptr_t other_cell) {
    if (((stamp ^ other) & ~kStampMaskBits) != 0) return false;
    const uint64_t bytes = uint64_t{cells} * 8;
    if (other_cell - cell == bytes) ++cells;
    return other_cell - cell <= bytes;
  }
};

// A list of many races and an index of it.
class RaceStore;

class Races {
 public:
  static constexpr uint32_t kWithin = 8;
  static constexpr uint32_t kMost = 1u << 20;  // of one access

  Races() = default;
  ~Races() { clear(); }
  Races(Races&& other) noexcept { take(other); }
  Races& operator=(Races&& other) noexcept {
    if (this == &other) return *this;
    clear();
    take(other);
    return *this;
  }
  Races(const Races&) = delete;
  Races& operator=(const Races&) = delete;

  void add(Stamp stamp, uintptr_t cell = 0) {
    if (store_ != nullptr) return add_to_store({stamp, cell, 1});
    for (uint32_t i = 0; i < count_; ++i) {
      if (within_[i].takes(stamp, cell)) return;
    }
    if (count_ == kWithin) return add_to_store({stamp, cell, 1});
    within_[count_++] = {stamp, cell, 1};
  }
  // Found in this cell.
  void add(const Races& races, uintptr_t cell) {
    for (const Race& race : races) add(race.stamp, cell);
  }

  void clear() {
    if (__builtin_expect(store_ != nullptr, 0)) give_back_store();
    count_ = 0;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] uint32_t size() const { return count_; }
  [[nodiscard]] const Race* begin() const { return stored_ != nullptr ? stored_ : within_; }
  [[nodiscard]] const Race* end() const { return begin() + count_; }

 private:
  void take(Races& other) {
    count_ = std::exchange(other.count_, 0);
    store_ = std::exchange(other.store_, nullptr);
    stored_ = std::exchange(other.stored_, nullptr);
    if (store_ != nullptr) return;
    for (uint32_t i = 0; i < count_; ++i) within_[i] = other.within_[i];
  }
  void add_to_store(Race race);
  void give_back_store();

  uint32_t count_ = 0;
  RaceStore* store_ = nullptr;
  const Race* stored_ = nullptr;  // of the store
  Race within_[kWithin];          // not initialised: most accesses race with nothing
};

// Races that found no room.
uint64_t dropped_races();

// For tests: as if there were room for so many of one access, or for no store at all (0).
void set_most_races(uint32_t most);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_RACES_H
