#include "detector/clock/lane_round.h"

#include <cstring>

#include "detector/clock/lane.h"
#include "detector/clock/slab.h"

namespace fibersan {

void LaneRound::begin() {
  // 16 MiB of addresses, of which only the parts for lanes in use are ever touched.
  if (seen_ == nullptr)
    seen_ = static_cast<std::uint8_t*>(map_memory(std::size_t{1} << kStampLaneBits));
  round_ = lane_table.begin_round();
  bound_ = lane_table.lane_bound();
  next_ = freed_ = 0;
  std::memset(seen_, 0, bound_);
}

bool LaneRound::free_some(LaneId lanes) {
  const LaneId end = bound_ - next_ < lanes ? bound_ : next_ + lanes;
  for (; next_ < end; ++next_) {
    if (seen_[next_] == 0 && lane_table.collect(next_, round_)) ++freed_;
  }
  return next_ < bound_;
}

}  // namespace fibersan
