// root_regions.h: memory that the program has named as a place of references (debug.h).
//
// State:    a list of ranges under a lock, which is held while the world stands still: then no
//           region goes and nothing is half changed.
// Cost:     a lock and a look at the list for each that is named or dropped.
// Threads:  any.
#ifndef FIBERSAN_RUNTIME_WORLD_ROOT_REGIONS_H
#define FIBERSAN_RUNTIME_WORLD_ROOT_REGIONS_H

#include <cstddef>
#include <vector>

#include "detector/abi/hooks.h"
#include "runtime/lock.h"

namespace fiber::internal {

class RootRegions {
 public:
  void add(const fsan_range& range);
  void remove(const fsan_range& range);

  // Around a stop.
  void lock() FIBER_ACQUIRE(lock_) { lock_.lock(); }
  void unlock() FIBER_RELEASE(lock_) { lock_.unlock(); }
  size_t count() {
    SpinGuard guard(lock_);
    return regions_.size();
  }
  // By who holds the lock.
  void for_each(void (*visit)(const fsan_range&, void*),
                void* argument) FIBER_NO_THREAD_SAFETY_ANALYSIS {
    for (const fsan_range& range : regions_) visit(range, argument);
  }

 private:
  SpinLock lock_{LockRank::kRootRegions};
  std::vector<fsan_range> regions_ FIBER_GUARDED_BY(lock_);
};

extern RootRegions root_regions;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_ROOT_REGIONS_H
