// advice.h: what the kernel is told of all of the shadow.
//
// Cost:     a system call for each piece (layout.h).
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_SHADOW_ADVICE_H
#define FIBERSAN_DETECTOR_SHADOW_ADVICE_H

namespace fibersan {

// As madvise().
void advise_shadow(int advice);

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_SHADOW_ADVICE_H
