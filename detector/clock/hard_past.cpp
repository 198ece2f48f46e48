#include "detector/clock/hard_past.h"

namespace fibersan {

Stamp HardPast::mark(FiberClock& fiber) {
  fiber.touched();
  const Stamp now = fiber.stamp();
  if (now == marked_) return now;
  if (marked_ != 0 && !same_lane(now, marked_)) add_marked(clock_);  // P3
  marked_ = now;
  is_published_ = false;
  ++version_;
  return now;
}

void HardPast::publish() {
  if (is_published_) return;
  is_published_ = true;
  ++releases_;
}

void HardPast::release(Sync& sync) {
  publish();
  HardKnowledge& known = sync.hard().make();
  if (known.serial == serial_ && known.version == version_) return;  // P4
  known.clock = clock_;
  add_marked(known.clock);
  known.serial = serial_;
  known.version = version_;
}

void HardPast::merge(Sync& sync) {
  publish();
  HardKnowledge& known = sync.hard().make();
  if (known.serial == serial_ && known.version == version_) return;  // P4
  known.clock.join(clock_);
  add_marked(known.clock);
  known.serial = 0;
}

void HardPast::acquire(Sync& sync) {
  const HardKnowledge* const known = sync.hard().get();
  if (known == nullptr || known->serial == serial_) return;
  if (known->serial != 0 && known->serial == acquired_serial_ &&
      known->version == acquired_version_)
    return;  // P4
  learn(known->clock);
  acquired_serial_ = known->serial;
  acquired_version_ = known->version;
}

void HardPast::spawn(HardPast& child) {
  publish();
  child.clock_ = clock_;
  add_marked(child.clock_);
}

}  // namespace fibersan
