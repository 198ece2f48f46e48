#include "detector/heap/inside_detector.h"

namespace fibersan {

thread_local constinit unsigned inside_detector_depth __attribute__((tls_model("initial-exec"))) =
    0;

}  // namespace fibersan
