// registration.h: a call to be made when a context is cancelled: what stands behind
// after_func(context, function).
//
// State:    references: of the handles, one while it is in the context's list, one for the
//           call that runs. Holds its context.
// Threads:  any.
//
// Invariants
//   G1  Whoever takes it out of the list gets the list's reference: stop() drops it, cancel
//       turns it over to the call. So none is dropped on a worker's stack (node.h N3).
//
// Known: a registration whose context nobody can cancel any more (all its Cancels were
// dropped, no deadline) keeps itself and the context. Go's garbage collector sees that.
#ifndef FIBERSAN_RUNTIME_CANCEL_REGISTRATION_H
#define FIBERSAN_RUNTIME_CANCEL_REGISTRATION_H

#include <atomic>
#include <cstdint>

#include "runtime/cancel/node.h"
#include "runtime/time/armed_sync.h"
#include "runtime/time/callback.h"

namespace fiber::internal {

class Registration final : private ContextChild {
 public:
  static Registration* make(ContextNode* context, const CallbackType& type, void* source);
  void add_reference() {
    // relaxed: whoever adds one holds one.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop_reference();
  bool stop();

  // Linked by `next`, with the list's references.
  static void start_all(ContextChild* calls);

 private:
  Registration(ContextNode* context, Callback* callback);
  void start();

  std::atomic<uint64_t> references_{1};
  std::atomic<bool> never_{false};  // can be stopped, but never called
  ContextNode* const context_;
  Callback* const callback_;
  ArmedSync* armed_;
  const uint64_t armed_at_;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CANCEL_REGISTRATION_H
