#include "runtime/cancel/registration.h"

#include <new>

#include "runtime/hooks.h"
#include "runtime/memory.h"

namespace fiber::internal {

Registration::Registration(ContextNode* context, Callback* callback)
    : context_(context),
      callback_(callback),
      armed_(ArmedSync::arm(nullptr)),
      armed_at_(hooks::place_of_creation()) {
  is_call = true;
  if (context != nullptr) context->add_reference();
}

Registration* Registration::make(ContextNode* context, const CallbackType& type, void* source) {
  void* memory = allocate(sizeof(Registration), alignof(Registration));
  Callback* callback = nullptr;
  try {
    callback = Callback::make(type, source);
  } catch (...) {
    deallocate(memory, sizeof(Registration), alignof(Registration));
    throw;
  }
  auto* registration = new (memory) Registration(context, callback);
  CancelNode* node = context == nullptr ? nullptr : context->cancellable();
  if (node == nullptr) {
    registration->never_.store(true, std::memory_order_relaxed);  // published with the handle
    return registration;
  }
  registration->add_reference();
  if (!node->add_call(*registration)) {
    static_cast<void>(node->error());  // ordered after the cancel()
    registration->start();
  }
  return registration;
}

void Registration::drop_reference() {
  // release [R1]: what other owners did is over before the last one frees. acquire: the last
  // one. Pairs with [R1].
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  armed_->drop();
  Callback::destroy(callback_);
  ContextNode* context = context_;
  this->~Registration();
  deallocate(this, sizeof(Registration), alignof(Registration));
  if (context != nullptr) context->drop_reference();
}

bool Registration::stop() {
  CancelNode* node = context_ == nullptr ? nullptr : context_->cancellable();
  // relaxed: decides who is the first, and nothing else.
  if (node == nullptr) return never_.exchange(false, std::memory_order_relaxed);
  if (!node->remove_call(*this)) return false;
  drop_reference();
  return true;
}

// Turns a reference over to the call.
void Registration::start() {
  callback_->start(
      armed_->share(), armed_at_,
      {this, [](void* object) { static_cast<Registration*>(object)->drop_reference(); }});
}

void Registration::start_all(ContextChild* calls) {
  while (calls != nullptr) {
    ContextChild* following = calls->next;
    static_cast<Registration*>(calls)->start();
    calls = following;
  }
}

}  // namespace fiber::internal
