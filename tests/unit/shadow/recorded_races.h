// recorded_races.h: what the hooks would have reported, counted instead.
#ifndef FIBERSAN_TESTS_UNIT_SHADOW_RECORDED_RACES_H
#define FIBERSAN_TESTS_UNIT_SHADOW_RECORDED_RACES_H

#include <cstddef>

#include "detector/race/race_found.h"

namespace fibersan {

struct RaceFound {
  CurrentAccess current;
  Stamp previous = 0;
  uintptr_t cell = 0;
};

struct Recorded {
  int races = 0;
  int misuses = 0;
  int lock_cycles = 0;
  uint32_t locks_of_last_cycle = 0;
  size_t cycles_of_two = 0;
  size_t cycles_of_three = 0;
  RaceFound last;
  void (*on_race)(const RaceFound&) = nullptr;  // also called
  // Called instead, by any thread.
  void (*on_race_of_threads)(const RaceFound&) = nullptr;
};
// Of the test that runs: not for threads.
inline Recorded recorded;

}  // namespace fibersan

#endif  // FIBERSAN_TESTS_UNIT_SHADOW_RECORDED_RACES_H
