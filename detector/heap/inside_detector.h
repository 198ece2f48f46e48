// inside_detector.h: marks the calling thread as doing the detector's own work.
//
// Output:   while one exists, what the thread allocates belongs to the detector: it is not
//           in the block table, leaves the shadow alone, and frees are no accesses.
// Threads:  per OS thread. A holder must not let the fiber move to another thread.
#ifndef FIBERSAN_DETECTOR_HEAP_INSIDE_DETECTOR_H
#define FIBERSAN_DETECTOR_HEAP_INSIDE_DETECTOR_H

namespace fibersan {

inline constinit thread_local unsigned inside_detector_depth
    __attribute__((tls_model("initial-exec"))) = 0;

inline bool inside_detector() { return inside_detector_depth != 0; }

class InsideDetector {
 public:
  InsideDetector() { ++inside_detector_depth; }
  ~InsideDetector() { --inside_detector_depth; }
  InsideDetector(const InsideDetector&) = delete;
  InsideDetector& operator=(const InsideDetector&) = delete;
};

}  // namespace fibersan

#endif  // FIBERSAN_DETECTOR_HEAP_INSIDE_DETECTOR_H
