// policy.h: the one seam through which every scheduling choice goes.
//
// Input:    the seed of the run; what there is to choose from.
// Output:   a choice. With procs=1 the same seed gives the same sequence of choices.
// State:    one random generator for each processor, one shared by other threads.
// Cost:     about 1 ns on a worker.
// Threads:  any.
// Not here: carrying the choice out, see scheduler.h.
#ifndef FIBERSAN_RUNTIME_POLICY_H
#define FIBERSAN_RUNTIME_POLICY_H

#include <cstdint>

namespace fiber::internal {

enum class Choice : uint8_t {
  kVictim,      // which processor to rob first
  kSelectCase,  // which of the ready cases of a select
};

// In [0, count); count is at least 1.
uint32_t choose(Choice kind, uint32_t count);

// 64 uniformly distributed bits from the same generator.
uint64_t random();

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_POLICY_H
