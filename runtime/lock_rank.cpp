#include "runtime/lock_rank.h"

#ifdef FIBER_CHECK_LOCK_RANKS

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "runtime/check.h"

namespace fiber::internal {
namespace {

constexpr const char* kNames[] = {
#define FIBER_LOCK_RANK(id, what) #id " (" what ")",
#include "runtime/lock_rank.def"
#undef FIBER_LOCK_RANK
};

struct Held {
  static constexpr size_t kMost = 128;
  struct {
    const void* lock;
    LockRank rank;
  } locks[kMost];
  size_t count = 0;
};

constinit thread_local Held held{};

// Not inlined: a fiber may call it from two threads.
__attribute__((noinline)) Held& held_locks() {
  asm volatile("");
  return held;
}

}  // namespace

void lock_rank_acquired(const void* lock, LockRank rank) {
  Held& held = held_locks();
  FIBERSAN_CHECK(held.count < Held::kMost, held.count);
  if (held.count > 0) {
    const auto& last = held.locks[held.count - 1];
    if (last.rank > rank || (last.rank == rank && last.lock >= lock)) {
      std::fprintf(stderr, "fiber: lock of rank %s taken while one of rank %s is held\n",
                   kNames[static_cast<size_t>(rank)], kNames[static_cast<size_t>(last.rank)]);
      std::abort();
    }
  }
  held.locks[held.count++] = {lock, rank};
}

void lock_rank_released(const void* lock) {
  Held& held = held_locks();
  for (size_t i = held.count; i > 0; --i) {
    if (held.locks[i - 1].lock != lock) continue;
    for (; i < held.count; ++i) held.locks[i - 1] = held.locks[i];
    --held.count;
    return;
  }
  FIBERSAN_CHECK(!"released by the thread that holds it", held.count);
}

}  // namespace fiber::internal

#endif  // FIBER_CHECK_LOCK_RANKS
