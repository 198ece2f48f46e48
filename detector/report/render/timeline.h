// timeline.h: what fibers of a finding did in which order, as far as the report knows.
//
// Input:    a Report. It has no times: only who created whom (fibers are numbered in the order of
// their
//           creation), which access came first, which lock was held when another was taken.
// Output:   lanes, one for each fiber, and events on them in columns. Events of one fiber are in
// order
//           from left to right; of two fibers only creations are, and the accesses of a race.
// Threads:  any; a pure function.
#ifndef FIBERSAN_DETECTOR_REPORT_RENDER_TIMELINE_H
#define FIBERSAN_DETECTOR_REPORT_RENDER_TIMELINE_H

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "detector/report/report.h"

namespace fibersan {

struct Timeline {
  static constexpr size_t kMostLanes = 40;

  struct Lane {
    FiberName fiber;
    enum class End { kUnknown, kRunning, kFinished, kWaiting } end = End::kUnknown;
  };
  struct Event {
    enum class Kind { kCreated, kBefore, kAccess, kWaits };
    size_t lane = 0;
    size_t column = 0;
    Kind kind = Kind::kCreated;
    std::string text;
    std::optional<size_t> from;  // the creator's lane
  };
  std::vector<Lane> lanes;  // the oldest first
  std::vector<Event> events;
  size_t columns = 0;
  size_t left_out = 0;  // fibers beyond kMostLanes
};

Timeline timeline_of(const Report& report);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_REPORT_RENDER_TIMELINE_H
