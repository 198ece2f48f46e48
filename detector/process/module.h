// module.h: what the instrumented modules of this process said of themselves.
//
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_PROCESS_MODULE_H
#define FIBERSAN_DETECTOR_PROCESS_MODULE_H

#include <cstdint>

namespace fibersan {

// One was loaded.
void note_module(uint32_t checked_functions);

// Functions whose accesses are checked, of all modules loaded so far.
uint64_t instrumented_functions();

// No module of this process was compiled with the pass, so a silent run proves nothing, and nobody
// said that this is meant (allow_uninstrumented). One whose functions are all opted out is what its
// author wants.
bool nothing_is_instrumented();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_MODULE_H
