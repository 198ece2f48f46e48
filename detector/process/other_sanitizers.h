// other_sanitizers.h: another sanitizer's runtime is linked into this program.
//
// Output:   none, or the end of the process with 1 and one sentence.
// Not here: objects compiled for one, which the pass refuses (instrument/other_instrumentation.h).
#ifndef FIBERSAN_DETECTOR_PROCESS_OTHER_SANITIZERS_H
#define FIBERSAN_DETECTOR_PROCESS_OTHER_SANITIZERS_H

namespace fibersan {

void refuse_other_sanitizers();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_OTHER_SANITIZERS_H
