// blocking.h: calls that block the operating system's thread.
#ifndef FIBER_BLOCKING_H
#define FIBER_BLOCKING_H

#include <functional>
#include <utility>

namespace fiber {

namespace internal {

// While one exists the calling fiber has its thread for itself and no processor.
class BlockingCall {
 public:
  BlockingCall();
  ~BlockingCall();
  BlockingCall(const BlockingCall&) = delete;
  BlockingCall& operator=(const BlockingCall&) = delete;

 private:
  bool begun_;
};

}  // namespace internal

// Calls `function` and passes its result or exception on. While it runs, other fibers use
// the processor: on another thread at once when there is something for it to do, later when
// there is not. For system calls and library functions that wait: files, locks of other
// libraries, name look-ups, child processes. Costs about 50 ns when nobody needed the
// processor meanwhile.
//
// `function` runs on the calling fiber's stack, on one thread. An operation on a channel or a
// lock that has to wait ends the blocking call early: what comes after it runs on a processor.
// When run() returns it does not wait for blocking calls: their threads finish `function` and
// then end; the fibers never continue. Outside of fibers it is a plain call.
template <typename F>
decltype(auto) blocking(F&& function) {
  internal::BlockingCall call;
  return std::invoke(std::forward<F>(function));
}

}  // namespace fiber

#endif  // FIBER_BLOCKING_H
