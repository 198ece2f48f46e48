// lock_rank.h: the order in which runtime locks are taken, from lock_rank.def.
//
// Output:   in builds with FIBER_CHECK_LOCK_RANKS a lock taken against the order ends
//           the process with both ranks; other builds pay nothing.
// State:    the ranks held, one list for each thread.
#ifndef FIBERSAN_RUNTIME_LOCK_RANK_H
#define FIBERSAN_RUNTIME_LOCK_RANK_H

#include <cstdint>

namespace fiber::internal {

enum class LockRank : uint8_t {
#define FIBER_LOCK_RANK(id, what) id,
#include "runtime/lock_rank.def"
#undef FIBER_LOCK_RANK
};

#ifdef FIBER_CHECK_LOCK_RANKS
void lock_rank_acquired(const void* lock, LockRank rank);
void lock_rank_released(const void* lock);
#else
inline void lock_rank_acquired(const void*, LockRank) {}
inline void lock_rank_released(const void*) {}
#endif

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_LOCK_RANK_H
