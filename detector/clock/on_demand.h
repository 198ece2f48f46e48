// on_demand.h: a member that most objects never need: a pointer until it is asked for.
//
// Cost:     8 bytes; make() the first time a slab allocation.
// Threads:  as its owner's.
#ifndef FIBERSAN_DETECTOR_CLOCK_ON_DEMAND_H
#define FIBERSAN_DETECTOR_CLOCK_ON_DEMAND_H

#include <new>

#include "detector/clock/slab.h"

namespace fibersan {

template <typename T>
class OnDemand {
 public:
  constexpr OnDemand() = default;
  OnDemand(const OnDemand&) = delete;
  OnDemand& operator=(const OnDemand&) = delete;
  ~OnDemand() {
    if (value_ == nullptr) return;
    value_->~T();
    slab_.free(value_);
  }

  // Null as long as nobody called make().
  [[nodiscard]] T* get() const { return value_; }
  T& make() {
    if (value_ == nullptr) value_ = new (slab_.allocate()) T;
    return *value_;
  }

 private:
  static constinit inline Slab slab_{sizeof(T)};
  T* value_ = nullptr;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_CLOCK_ON_DEMAND_H
