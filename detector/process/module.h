// module.h: what the instrumented modules of this process said of themselves.
//
// Threads:  any.
#ifndef FIBERSAN_DETECTOR_PROCESS_MODULE_H
#define FIBERSAN_DETECTOR_PROCESS_MODULE_H

#include <cstdint>

namespace fibersan {

// Of all modules loaded so far.
uint64_t instrumented_functions();

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_PROCESS_MODULE_H
