// number_table.h: small numbers by 64-bit keys, within one search.
//
// Cost:     one or two cache lines for each look-up.
// Threads:  one.
//
// Invariants
//   N1  No key is 0. A number is 0 until it is set. The table is at most half full.
#ifndef FIBERSAN_DETECTOR_DEADLOCK_NUMBER_TABLE_H
#define FIBERSAN_DETECTOR_DEADLOCK_NUMBER_TABLE_H

#include "detector/deadlock/scratch.h"

namespace fibersan {

class NumberTable {
 public:
  explicit NumberTable(Scratch& scratch) : scratch_(scratch) {}

  [[nodiscard]] uint32_t find(uint64_t key) const {
    if (room_ == 0) return 0;
    return places_[place_of(key)].number;
  }
  // Valid until the next call. Without memory: of nobody.
  uint32_t& at(uint64_t key) {
    if (2 * (used_ + 1) > room_ && !grow()) return nobody_ = 0;
    Place& place = places_[place_of(key)];
    if (place.key == 0) {
      place.key = key;
      ++used_;
    }
    return place.number;
  }

 private:
  struct Place {
    uint64_t key;
    uint32_t number;
  };

  [[nodiscard]] size_t place_of(uint64_t key) const {
    size_t i = key * 0x9e3779b97f4a7c15u >> 32 & (room_ - 1);
    while (places_[i].key != 0 && places_[i].key != key) i = (i + 1) & (room_ - 1);
    return i;
  }
  bool grow() {
    Place* const old = places_;
    const size_t old_room = room_;
    const size_t room = room_ == 0 ? 64 : room_ * 2;
    auto* const larger = scratch_.array<Place>(room);
    if (larger == nullptr) return false;
    places_ = larger;
    room_ = room;
    for (size_t i = 0; i < old_room; ++i)
      if (old[i].key != 0) places_[place_of(old[i].key)] = old[i];
    return true;
  }

  Scratch& scratch_;
  Place* places_ = nullptr;
  size_t room_ = 0;
  size_t used_ = 0;
  uint32_t nobody_ = 0;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_DEADLOCK_NUMBER_TABLE_H
