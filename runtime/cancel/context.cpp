// The library's side of context.h.
#include "fiber/context.h"

#include "runtime/cancel/node.h"
#include "runtime/cancel/registration.h"
#include "runtime/memory.h"
#include "runtime/park.h"

namespace fiber {

Cancelled::~Cancelled() = default;
DeadlineExceeded::~DeadlineExceeded() = default;

namespace internal {
namespace {

void require_fiber(const char* message) {
  if (current_fiber() == nullptr) throw Error(message);
}

}  // namespace

void retain(ContextNode* node) noexcept {
  if (node != nullptr) node->add_reference();
}
void release(ContextNode* node) noexcept {
  if (node != nullptr) node->drop_reference();
}
void retain(Registration* registration) noexcept {
  if (registration != nullptr) registration->add_reference();
}
void release(Registration* registration) noexcept {
  if (registration != nullptr) registration->drop_reference();
}

ContextNode* derive_cancel(ContextNode* parent) {
  return CancelNode::make(parent, kNoDeadline, nullptr);
}

ContextNode* derive_deadline(ContextNode* parent, Deadline deadline, std::exception_ptr cause) {
  require_fiber("fiber: a deadline outside of fiber::run; set deadlines in fibers");
  return CancelNode::make(parent, deadline, std::move(cause));
}

ContextNode* derive_value(ContextNode* parent, const void* key, void* value,
                          void (*destroy)(void* value)) {
  return new (allocate(sizeof(ValueNode), alignof(ValueNode)))
      ValueNode(parent, key, value, destroy);
}

ContextNode* derive_detached(ContextNode* parent) {
  return new (allocate(sizeof(ContextNode), alignof(ContextNode)))
      ContextNode(ContextNode::Kind::kDetached, parent);
}

void cancel(ContextNode* node, std::exception_ptr cause) noexcept {
  if (node != nullptr) node->cancellable()->cancel(ContextError::kCancelled, std::move(cause));
}

ChannelCore* done_channel(ContextNode* node) {
  if (node == nullptr || node->cancellable() == nullptr) return nullptr;
  return node->cancellable()->done();
}

ContextError error(const ContextNode* node) noexcept {
  if (node == nullptr || node->cancellable() == nullptr) return ContextError::kNone;
  return node->cancellable()->error();
}

std::exception_ptr cause(const ContextNode* node) {
  if (node == nullptr || node->cancellable() == nullptr) return nullptr;
  return node->cancellable()->cause();
}

Deadline deadline(const ContextNode* node) noexcept {
  return node == nullptr ? kNoDeadline : node->deadline();
}

const void* value(const ContextNode* node, const void* key) noexcept {
  return node == nullptr ? nullptr : node->value(key);
}

Registration* call_when_done(ContextNode* node, const CallbackType& type, void* source) {
  require_fiber("fiber: after_func() outside of fiber::run; call it in fibers");
  return Registration::make(node, type, source);
}

bool stop_call(Registration* registration) noexcept {
  return registration != nullptr && registration->stop();
}

}  // namespace internal
}  // namespace fiber
