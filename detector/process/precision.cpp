#include "detector/process/precision.h"

#include "detector/clock/lane.h"
#include "detector/race/thread.h"
#include "detector/shadow/extended.h"

namespace fibersan {

std::vector<ForgottenThing> collect_forgotten() {
  Forgotten clock = lane_table.forgotten();
  return {
      {clock.lanes_reused, "lane reused", "lanes reused"},
      {clock.fibers_without_lane, "fiber without a lane", "fibers without a lane"},
      {clock.epochs_exhausted, "epoch not counted", "epochs not counted"},
      {dropped_stamps(), "access dropped from a full cell", "accesses dropped from full cells"},
      {foreign_threads(), "foreign thread not checked", "foreign threads not checked"},
  };
}

std::string precision_text(const std::vector<ForgottenThing>& things) {
  std::string text;
  for (const ForgottenThing& thing : things) {
    if (thing.count == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(thing.count) + " " + (thing.count == 1 ? thing.one : thing.many);
  }
  return text.empty() ? kExact : text;
}

}  // namespace fibersan
