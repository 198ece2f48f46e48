// member_done.h: the end of a fiber that WaitGroup::go has started.
//
// Threads:  the fiber, when its function has returned and its callable is destroyed.
#ifndef FIBERSAN_RUNTIME_SYNC_MEMBER_DONE_H
#define FIBERSAN_RUNTIME_SYNC_MEMBER_DONE_H

#include "fiber/wait_group.h"

namespace fiber::internal {

// group.done(), known to the detector as the fiber's end: no frame of the program is below.
// Throws what done() throws.
void member_done(WaitGroup& group);

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_SYNC_MEMBER_DONE_H
