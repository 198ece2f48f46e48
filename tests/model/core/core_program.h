// core_program.h: random programs for a CoreWorld, and the shortest part of one that disagrees.
//
// Input:    a seed. Output: a list of operations; fibers are named by their rank among the
//           living, so every part of a program is a program.
#ifndef FIBERSAN_TESTS_MODEL_CORE_CORE_PROGRAM_H
#define FIBERSAN_TESTS_MODEL_CORE_CORE_PROGRAM_H

#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/core/core_world.h"

namespace fibersan::model {

enum class CoreAction : std::uint8_t {
  kSpawn,
  kEnd,          // with a release to whoever joins
  kEndSilently,  // without
  kJoin,
  kRead,
  kWrite,
  kLoad,
  kStore,
  kUpdate,
  kCompareExchange,
  kFence,
  kFree,
  kAllocate,
  kLockWrite,  // lock, write, unlock
  kLockRead,   // lock_shared, read, unlock_shared
  kSend,
  kDone,
  kWait,
  kAcquire,
  kRelease,
  kForget,  // a Sync
  kCollect,
  kCount
};

struct CoreOperation {
  CoreAction action;
  std::uint8_t fiber;
  std::uint8_t object;
  std::uint8_t choice;
  std::uint8_t size;
};

using CoreProgram = std::vector<CoreOperation>;

CoreProgram random_core_program(std::uint64_t seed);
CoreTally run(const CoreProgram& program, std::uint64_t seed);
std::string explain(std::uint64_t seed, const CoreTally& tally);

}  // namespace fibersan::model

#endif  // FIBERSAN_TESTS_MODEL_CORE_CORE_PROGRAM_H
