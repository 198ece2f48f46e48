// wait_group.h: waits until a number of fibers have finished, as Go's sync.WaitGroup.
//
// Semantics: an add() that raises the counter from zero has to happen before the wait()
//            that shall see it; otherwise that is a finding, whether the wait blocked or
//            not. A counter below zero is a finding and throws NegativeWaitGroup.
// Threads:   every member from any fiber, also outside of run() and from other threads.
//            Whoever returned from wait() may destroy the WaitGroup at once, unless another
//            wait() has not returned yet: that is still an operation on it.
#ifndef FIBER_WAIT_GROUP_H
#define FIBER_WAIT_GROUP_H

#include <fiber/go.h>
#include <fiber/sync.h>
#include <cstdint>
#include <tuple>
#include <utility>

namespace fiber {

namespace internal {
void member_done(WaitGroup& group);
}  // namespace internal

class WaitGroup {
 public:
  constexpr WaitGroup() noexcept {
    if (!__builtin_is_constant_evaluated())
      internal::sync_object_created(this, sizeof(*this), internal::SyncKind::kWaitGroup);
  }
  ~WaitGroup();
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;

  void add(std::int32_t count = 1);
  void done() { add(-1); }
  // What happened before each done() happens before wait() returns.
  void wait();

  // add(), and a fiber that runs the function and then done(), however it ends. Copies or
  // moves what it is given, as fiber::go does; the copies are gone before done().
  template <class F, class... Args, internal::NotOptions<F> = 0>
  void go(F&& function, Args&&... args) {
    start(nullptr, std::forward<F>(function), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  void go(const FiberOptions& options, F&& function, Args&&... args) {
    start(&options, std::forward<F>(function), std::forward<Args>(args)...);
  }

 private:
  friend void internal::member_done(WaitGroup&);

  template <class F, class... Args>
  void start(const FiberOptions* options, F&& function, Args&&... args) {
    add(1);
    try {
      internal::go(options, this, std::forward<F>(function), std::forward<Args>(args)...);
    } catch (...) {
      done();
      throw;
    }
  }

  internal::SyncState state_;  // payload: the counter
};

}  // namespace fiber

#endif  // FIBER_WAIT_GROUP_H
