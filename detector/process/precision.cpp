#include "detector/process/precision.h"

#include "detector/clock/lane.h"
#include "detector/deadlock/lock_order.h"
#include "detector/history/stack_table.h"
#include "detector/race/attached_threads.h"
#include "detector/race/thread.h"
#include "detector/shadow/extended.h"
#include "detector/shadow/races.h"

namespace fibersan {

ForgottenThings collect_forgotten() {
  Forgotten clock = lane_table.forgotten();
  return {
      {clock.lanes_reused, "lane reused", "lanes reused"},
      {clock.fibers_without_lane, "fiber without a lane", "fibers without a lane"},
      {clock.epochs_exhausted, "epoch not counted", "epochs not counted"},
      {dropped_stamps(), "access dropped from a full cell", "accesses dropped from full cells"},
      {dropped_races(), "race not reported of an access with too many",
       "races not reported of accesses with too many"},
      {uint64_t{something_was_unchecked()}, "child of a fork beside other threads not checked", ""},
      {foreign_threads(), "foreign thread not checked", "foreign threads not checked"},
      {forgotten_lock_orders(), "order of locks forgotten", "orders of locks forgotten"},
      {forgotten_stacks(), "stack not kept", "stacks not kept"},
  };
}

FixedText precision_text(const ForgottenThings& things) {
  FixedText text;
  for (const ForgottenThing& thing : things) {
    if (thing.count == 0) continue;
    if (!text.view().empty()) text.add(", ");
    text.add(thing.count).add(" ").add(thing.count == 1 ? thing.one : thing.many);
  }
  if (text.view().empty()) text.add(kExact);
  return text;
}

}  // namespace fibersan
