// Key functions of the exceptions of error.h: their type information is here, once.
#include "fiber/error.h"

namespace fiber {

Error::~Error() = default;
ClosedChannel::~ClosedChannel() = default;
NegativeWaitGroup::~NegativeWaitGroup() = default;
UnlockOfUnlocked::~UnlockOfUnlocked() = default;
Deadlock::~Deadlock() = default;

}  // namespace fiber
