#include "runtime/time/callback_timer.h"

#include <new>

#include "runtime/hooks.h"
#include "runtime/memory.h"

namespace fiber::internal {

CallbackTimer* CallbackTimer::make(Deadline deadline, const CallbackType& type, void* source) {
  void* memory = allocate(sizeof(CallbackTimer), alignof(CallbackTimer));
  Callback* callback = nullptr;
  try {
    callback = Callback::make(type, source);
  } catch (...) {
    deallocate(memory, sizeof(CallbackTimer), alignof(CallbackTimer));
    throw;
  }
  auto* timer = new (memory) CallbackTimer(callback);
  timer->reset(deadline);
  return timer;
}

void CallbackTimer::drop_reference() FIBER_NO_THREAD_SAFETY_ANALYSIS {
  // release [R1]: what other owners did is over before the last one frees. acquire: the last
  // one. Pairs with [R1].
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  disarm();  // K2
  armed_->drop();
  Callback::destroy(callback_);
  this->~CallbackTimer();
  deallocate(this, sizeof(CallbackTimer), alignof(CallbackTimer));
}

bool CallbackTimer::stop() {
  {
    SpinGuard guard(lock_);
    if (!active_) return false;
    active_ = false;
    cancel();
  }
  drop_reference();  // of the active timer; the caller has another one
  return true;
}

bool CallbackTimer::reset(Deadline deadline) {
  SpinGuard guard(lock_);
  const bool was_active = active_;
  if (was_active) {
    cancel();
  } else {
    add_reference();
  }
  active_ = true;
  deadline_ = deadline;
  armed_ = ArmedSync::arm(armed_);
  armed_at_ = hooks::place_of_creation();
  arm(deadline, &CallbackTimer::fired);
  return was_active;
}

void CallbackTimer::fired(Timer* timer) {
  auto* self = static_cast<CallbackTimer*>(timer);
  ArmedSync* armed = nullptr;
  uint64_t armed_at = 0;
  {
    SpinGuard guard(self->lock_);
    if (!self->active_ || Clock::now() < self->deadline_) return;  // K2
    self->cancel();  // a reset has armed it again since, and is due already
    self->active_ = false;
    armed = self->armed_->share();
    armed_at = self->armed_at_;
  }
  self->callback_->start(armed, armed_at, {self, [](void* object) {
                                             static_cast<CallbackTimer*>(object)->drop_reference();
                                           }});
}

}  // namespace fiber::internal
