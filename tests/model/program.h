// program.h: random fiber programs, and the shortest part of one that still disagrees.
//
// Input:    a seed and a Shape.
// Output:   a list of operations. Fibers are named by their rank among those alive when
//           the operation happens, so every part of a program is a program.
// Not here: what the operations mean for the clock, see world.h.
#ifndef FIBERSAN_TESTS_MODEL_PROGRAM_H
#define FIBERSAN_TESTS_MODEL_PROGRAM_H

#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/world.h"

namespace fibersan::model {

enum class Action : std::uint8_t {
  kSpawn,            // a child that others may join
  kEnd,              // release to whoever joins, end
  kEndTouching,      // the same with an access between the two
  kEndSilently,      // end without a release
  kJoin,             // acquire what an ended fiber released at its end
  kLockTouch,        // acquire, access, release of a mutex
  kAcquire,          // of any Sync, by itself
  kRelease,          // likewise
  kSend,             // swap on a channel slot
  kDone,             // WaitGroup.done, unlock_shared, fetch_add(release)
  kReadModifyWrite,  // acquire and release under one lock
  kForkJoin,         // spawn some, each touches and is done, wait for all
  kWrite,
  kRead,
  kForget,   // a cell's memory is freed and used anew
  kCollect,  // lanes without stamps become free
  kDestroy,  // a Sync ends
  kCount
};

struct Operation {
  Action action;
  std::uint8_t fiber;   // rank among the living
  std::uint8_t object;  // cell, Sync or fiber, modulo how many there are
  std::uint8_t choice;  // processor, number of children
};

using Program = std::vector<Operation>;

struct Shape {
  unsigned operations = 120;
  unsigned processors = 3;
  unsigned cells = 3;
  unsigned syncs = 3;    // of each kind
  unsigned fibers = 60;  // at most, in all
  unsigned alive = 12;   // at most, at once
  LaneId lane_budget = kLaneLimit;
  bool forgets = true;  // kForget and kCollect may occur
};

// The shapes that seeds stand for: nothing has to be forgotten; too few lanes.
Shape exact_shape(std::uint64_t seed);
Shape forgetful_shape(std::uint64_t seed, LaneId lane_budget);

// Some actions are left out or made frequent at random, so that programs differ in kind.
Program random_program(std::uint64_t seed, const Shape& shape);
Tally run(const Program& program, const Shape& shape);
// Removes operations for as long as `still_fails` holds.
template <typename Predicate>
Program shrink(Program program, Predicate still_fails);
std::string to_string(const Program& program);
// The seed, how far the two sides disagree, and the shortest program that still does.
std::string explain(std::uint64_t seed, const Shape& shape, const Tally& tally);

template <typename Predicate>
Program shrink(Program program, Predicate still_fails) {
  for (std::size_t chunk = program.size() / 2; chunk != 0; chunk /= 2) {
    for (std::size_t at = 0; at < program.size();) {
      Program shorter(program.begin(), program.begin() + static_cast<std::ptrdiff_t>(at));
      if (at + chunk < program.size())
        shorter.insert(shorter.end(), program.begin() + static_cast<std::ptrdiff_t>(at + chunk),
                       program.end());
      if (still_fails(shorter)) {
        program = shorter;
      } else {
        at += chunk;
      }
    }
  }
  return program;
}

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_PROGRAM_H
