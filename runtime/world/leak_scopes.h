// leak_scopes.h: the library's side of leak_scope.h.
//
// State:    a list of the scopes there are; in each fiber the number of its innermost one.
// Cost:     a look at all fibers for each check; waiting fibers are looked at every millisecond
//           until the grace is over.
// Threads:  any. A fiber's number is written by the fiber, and by who ends its scope.
//
// Invariants
//   S1  Numbers are not used twice, but for the 2^32nd: that of a scope that has ended names
//   nobody. S2  What is told as a leak has been in one wait for half of the grace.
#ifndef FIBERSAN_RUNTIME_WORLD_LEAK_SCOPES_H
#define FIBERSAN_RUNTIME_WORLD_LEAK_SCOPES_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "detector/abi/hooks.h"
#include "runtime/lock.h"

namespace fiber::internal {

struct LeakScopeState {
  uint32_t number = 0;
  uint32_t outer = 0;
  uint64_t owner = 0;  // a fiber; 0: a thread, around run()
  std::string name;
  std::chrono::milliseconds grace{};
  std::vector<fsan_leak> told;
  size_t leaks = 0;  // at the last check, or when main's function returned
};

class LeakScopes {
 public:
  void begin(LeakScopeState& scope);
  void end(LeakScopeState& scope);
  static size_t check(LeakScopeState& scope);
  // On the main fiber's stack, when the program's function has returned.
  void main_returns();
  static uint32_t of_this_thread();

 private:
  SpinLock lock_{LockRank::kLeakScopes};
  std::vector<LeakScopeState*> scopes_ FIBER_GUARDED_BY(lock_);
  uint32_t last_ FIBER_GUARDED_BY(lock_) = 0;

  friend class ScopeFibers;
};

extern LeakScopes leak_scopes;

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_WORLD_LEAK_SCOPES_H
