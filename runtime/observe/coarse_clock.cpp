#include "runtime/observe/coarse_clock.h"

namespace fiber::internal {

constinit CoarseClock coarse_clock;

}  // namespace fiber::internal
