// node.h: the tree behind Context: nodes that point to their parents, and in each that can be
// cancelled a list of those below that can.
//
// State:    one ContextNode for each derivation, counted; children hold their parent. The
//           lists belong to the lock of their tree's root: the topmost node that can be
//           cancelled. Trees below the background, and below without_cancel(), are separate.
// Cost:     deriving and cancelling lock the root; error(), deadline() and value() lock
//           nothing.
// Threads:  any.
// Not here: calls when a context is done, see registration.h.
//
// Invariants
//   N1  A node in a list has not been cancelled, nor have those below it. Cancelling takes a
//       whole subtree out under the lock.
//   N2  The lists hold no reference. A node that nobody refers to any more takes itself out
//       under the lock before it goes, and waits for its timer's callback; so whoever has the
//       lock may use what is in a list, and a callback its node.
//   N3  On a worker's stack no reference is dropped: values and causes are destroyed by the
//       program's own fibers and threads. (So a cause is written once, over null.)
//   N4  error_ is set before the done channel is closed.
#ifndef FIBERSAN_RUNTIME_CANCEL_NODE_H
#define FIBERSAN_RUNTIME_CANCEL_NODE_H

#include <atomic>
#include <cstdint>
#include <exception>

#include "fiber/context.h"
#include "runtime/channel/core.h"
#include "runtime/lock.h"
#include "runtime/timers.h"

namespace fiber::internal {

class CancelNode;

class ContextNode {
 public:
  enum class Kind : uint8_t { kCancel, kValue, kDetached };

  ContextNode(Kind kind, ContextNode* parent);
  ContextNode(const ContextNode&) = delete;
  ContextNode& operator=(const ContextNode&) = delete;

  void add_reference() {
    // relaxed: whoever adds one holds one.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop_reference();

  ContextNode* parent() const { return parent_; }
  // The nearest one that can be cancelled, this one included; null: none.
  CancelNode* cancellable() const { return cancellable_; }
  Deadline deadline() const { return expires_; }
  const void* value(const void* key) const;

 protected:
  ~ContextNode() = default;

  std::atomic<uint64_t> references_{1};
  ContextNode* const parent_;
  CancelNode* cancellable_ = nullptr;
  Deadline expires_ = kNoDeadline;
  const Kind kind_;
  bool has_values_;  // here or above

 private:
  // Then who drops it is ordered before the destruction.
  bool may_have_been_read() const;
};

struct ValueNode final : ContextNode {
  ValueNode(ContextNode* parent, const void* value_key, void* kept, void (*destroy_value)(void*));
  const void* const key;
  void* const value;
  void (*const destroy)(void* value);
};

// What stands in the list of a CancelNode: another one, or a Registration.
struct ContextChild {
  ContextChild* next = nullptr;
  ContextChild* previous = nullptr;
  bool listed = false;
  bool is_call = false;
};

class CancelNode final : public ContextNode, public ContextChild, private Timer {
 public:
  // Below `parent`; cancelled already when the parent is. A deadline that is not earlier than
  // the parent's is the parent's business.
  static CancelNode* make(ContextNode* parent, Deadline deadline, std::exception_ptr cause);
  // After the last reference was dropped.
  static void destroy(CancelNode* node);

  void cancel(ContextError error, std::exception_ptr cause);
  ChannelCore* done();
  ContextError error() const;
  std::exception_ptr cause() const;

  // False: it is cancelled already.
  [[nodiscard]] bool add_call(ContextChild& call);
  // False: it is not in the list any more.
  [[nodiscard]] bool remove_call(ContextChild& call);

 private:
  friend class ContextNode;
  explicit CancelNode(ContextNode* parent);
  static void fired(Timer* timer);
  bool cancelled() const { return error_.load(std::memory_order_relaxed) != ContextError::kNone; }
  SpinLock& tree_lock() { return root_->lock_; }
  void begin(Deadline deadline, std::exception_ptr cause);
  void add(ContextChild& child);
  void remove(ContextChild& child);
  void set_error(ContextError error, const std::exception_ptr& cause);
  ContextChild* cancel_subtree(ContextError error, const std::exception_ptr& cause);

  CancelNode* const ancestor_;  // in whose list this one stands; null: the root
  CancelNode* const root_;
  SpinLock lock_{LockRank::kContext};  // of the root: guards all lists of the tree
  ContextChild* first_child_ = nullptr;
  std::atomic<ContextError> error_{ContextError::kNone};
  std::exception_ptr cause_;           // null until it is cancelled
  std::exception_ptr deadline_cause_;  // what a passed deadline puts there
  std::atomic<ChannelCore*> done_{nullptr};
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_CANCEL_NODE_H
