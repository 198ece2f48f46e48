#include "runtime/cancel/node.h"

#include <algorithm>
#include <new>
#include <utility>

#include "detector/abi/hooks.h"
#include "runtime/cancel/registration.h"
#include "runtime/memory.h"

namespace fiber::internal {

ContextNode::ContextNode(Kind kind, ContextNode* parent)
    : parent_(parent), kind_(kind), has_values_(kind == Kind::kValue) {
  if (parent == nullptr) return;
  parent->add_reference();
  has_values_ |= parent->has_values_;
  if (kind == Kind::kDetached) return;
  cancellable_ = parent->cancellable_;
  expires_ = parent->expires_;
}

ValueNode::ValueNode(ContextNode* parent, const void* value_key, void* kept,
                     void (*destroy_value)(void*))
    : ContextNode(Kind::kValue, parent), key(value_key), value(kept), destroy(destroy_value) {}

// Has somebody who drops a handle of this node read what is destroyed with it or above it?
bool ContextNode::may_have_been_read() const {
  if (has_values_) return true;
  if (kind_ != Kind::kCancel) return false;
  const auto* node = static_cast<const CancelNode*>(this);
  // acquire: as [A2], so that cause_ may be looked at.
  return node->error_.load(std::memory_order_acquire) != ContextError::kNone &&
         node->cause_ != nullptr;
}

// A loop: a long chain must not become a deep recursion on a fiber's stack.
void ContextNode::drop_reference() {
  ContextNode* node = this;
  while (node != nullptr) {
    if (node->may_have_been_read()) __fsan_merge(node);
    // release [R1]: what other owners did is over before the last one destroys. acquire: the
    // last one. Pairs with [R1].
    if (node->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    __fsan_acquire(node);
    ContextNode* parent = node->parent_;
    switch (node->kind_) {
      case Kind::kCancel:
        CancelNode::destroy(static_cast<CancelNode*>(node));
        break;
      case Kind::kValue: {
        auto* value = static_cast<ValueNode*>(node);
        value->destroy(value->value);
        value->~ValueNode();
        deallocate(value, sizeof(ValueNode), alignof(ValueNode));
        break;
      }
      case Kind::kDetached:
        node->~ContextNode();
        deallocate(node, sizeof(ContextNode), alignof(ContextNode));
        break;
    }
    node = parent;
  }
}

const void* ContextNode::value(const void* key) const {
  for (const ContextNode* node = this; node != nullptr; node = node->parent_) {
    if (node->kind_ != Kind::kValue) continue;
    const auto* kept = static_cast<const ValueNode*>(node);
    if (kept->key == key) return kept->value;
  }
  return nullptr;
}

CancelNode::CancelNode(ContextNode* parent)
    : ContextNode(Kind::kCancel, parent),
      ancestor_(cancellable_),
      root_(ancestor_ == nullptr ? this : ancestor_->root_) {
  cancellable_ = this;
}

CancelNode* CancelNode::make(ContextNode* parent, Deadline deadline, std::exception_ptr cause) {
  auto* node = new (allocate(sizeof(CancelNode), alignof(CancelNode))) CancelNode(parent);
  node->begin(deadline, std::move(cause));
  return node;
}

void CancelNode::begin(Deadline deadline, std::exception_ptr cause) {
  const bool is_first = deadline < expires_;
  const bool is_over = is_first && deadline <= Clock::now();
  if (is_first) expires_ = deadline;
  SpinGuard guard(tree_lock());
  if (ancestor_ != nullptr && ancestor_->cancelled()) {
    __fsan_acquire(&ancestor_->error_);
    set_error(ancestor_->error_.load(std::memory_order_relaxed), ancestor_->cause_);
    return;
  }
  if (is_over) {
    set_error(ContextError::kDeadlineExceeded, cause);
    return;
  }
  if (ancestor_ != nullptr) ancestor_->add(*this);
  if (!is_first) return;
  deadline_cause_ = std::move(cause);
  arm(deadline, &CancelNode::fired);
}

void CancelNode::destroy(CancelNode* node) {
  {
    SpinGuard guard(node->tree_lock());
    if (node->listed) node->ancestor_->remove(*node);
    node->Timer::cancel();
  }
  node->disarm();  // N2
  // relaxed: nobody else has the node any more.
  if (ChannelCore* done = node->done_.load(std::memory_order_relaxed)) done->drop_reference();
  node->~CancelNode();
  deallocate(node, sizeof(CancelNode), alignof(CancelNode));
}

void CancelNode::add(ContextChild& child) {
  child.previous = nullptr;
  child.next = first_child_;
  if (first_child_ != nullptr) first_child_->previous = &child;
  first_child_ = &child;
  child.listed = true;
}

void CancelNode::remove(ContextChild& child) {
  (child.previous != nullptr ? child.previous->next : first_child_) = child.next;
  if (child.next != nullptr) child.next->previous = child.previous;
  child.listed = false;
}

bool CancelNode::add_call(ContextChild& call) {
  SpinGuard guard(tree_lock());
  if (cancelled()) return false;
  add(call);
  return true;
}

bool CancelNode::remove_call(ContextChild& call) {
  SpinGuard guard(tree_lock());
  if (!call.listed) return false;
  remove(call);
  return true;
}

void CancelNode::set_error(ContextError error, const std::exception_ptr& cause) {
  if (&cause != &cause_) cause_ = cause;
  __fsan_release(&error_);
  // release [R2]: cause_. Pairs with [A2] in error() and cause().
  error_.store(error, std::memory_order_release);
  // relaxed: installed under the lock.
  if (ChannelCore* done = done_.load(std::memory_order_relaxed)) close(done);  // N4
}

// With the lock. Returns the calls to start, linked by `next`. Without recursion: the nodes
// that wait for their turn are linked by `next` as well.
ContextChild* CancelNode::cancel_subtree(ContextError error, const std::exception_ptr& cause) {
  ContextChild* calls = nullptr;
  if (listed) ancestor_->remove(*this);
  next = nullptr;
  ContextChild* waiting = this;
  while (waiting != nullptr) {
    ContextChild* child = waiting;
    waiting = child->next;
    child->listed = false;
    if (child->is_call) {
      child->next = std::exchange(calls, child);
      continue;
    }
    auto* node = static_cast<CancelNode*>(child);
    node->Timer::cancel();
    node->set_error(error, cause);
    ContextChild* below = std::exchange(node->first_child_, nullptr);
    while (below != nullptr) {
      ContextChild* following = below->next;
      below->next = std::exchange(waiting, below);
      below = following;
    }
  }
  return calls;
}

void CancelNode::cancel(ContextError error, std::exception_ptr cause) {
  ContextChild* calls = nullptr;
  {
    SpinGuard guard(tree_lock());
    if (cancelled()) return;
    // Not kept here as well: it would be released after its readers, and unordered.
    cause_ = std::move(cause);
    calls = cancel_subtree(error, cause_);
  }
  Registration::start_all(calls);
}

// On a worker's stack. The node stays until this returns (N2).
void CancelNode::fired(Timer* timer) {
  auto* node = static_cast<CancelNode*>(timer);
  ContextChild* calls = nullptr;
  {
    SpinGuard guard(node->tree_lock());
    if (node->cancelled()) return;
    calls = node->cancel_subtree(ContextError::kDeadlineExceeded, node->deadline_cause_);
  }
  Registration::start_all(calls);
}

// With a reference for the caller.
ChannelCore* CancelNode::done() {
  // acquire [A3]: the channel's state. Pairs with [R3].
  ChannelCore* done = done_.load(std::memory_order_acquire);
  if (done == nullptr) {
    ChannelCore* made = create(Element<Done>::kType, 0);
    SpinGuard guard(tree_lock());
    done = done_.load(std::memory_order_relaxed);
    if (done == nullptr) {
      done = made;
      if (cancelled()) {
        __fsan_acquire(&error_);
        close(done);
      }
      // release [R3]: pairs with [A3].
      done_.store(done, std::memory_order_release);
    } else {
      made->drop_reference();
    }
  }
  done->add_reference();
  return done;
}

ContextError CancelNode::error() const {
  // acquire [A2]: pairs with [R2].
  const ContextError error = error_.load(std::memory_order_acquire);
  if (error != ContextError::kNone) __fsan_acquire(&error_);
  return error;
}

std::exception_ptr CancelNode::cause() const {
  const ContextError error = this->error();
  if (error == ContextError::kNone) return nullptr;
  if (cause_ != nullptr) return cause_;
  if (error == ContextError::kCancelled)
    return std::make_exception_ptr(Cancelled("context cancelled"));
  return std::make_exception_ptr(DeadlineExceeded("context deadline exceeded"));
}

}  // namespace fiber::internal
