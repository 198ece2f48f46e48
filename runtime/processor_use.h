// processor_use.h: a fiber's code uses the processor it runs on.
//
// Output:   the processor, or null on threads that have none: foreign threads, the monitor, a
//           fiber in a blocking call, a fiber whose processor was taken away because it ran
//           for too long without a poll.
// Cost:     two loads and two stores.
// Threads:  any. Must not live across a switch.
//
// The monitor takes a processor away from a thread that cannot be asked (monitor.h). It
// writes null into the worker and then reads `uses`; we write `uses` and then read the
// processor (Dekker). The fence between store and load is paid by the monitor alone: its
// membarrier system call is a fence on every CPU that runs a thread of ours.
//
// Invariants
//   I1  The processor of a worker whose `uses` is not 0 stays with it.
#ifndef FIBERSAN_RUNTIME_PROCESSOR_USE_H
#define FIBERSAN_RUNTIME_PROCESSOR_USE_H

#include "runtime/worker.h"

namespace fiber::internal {

class ProcessorUse {
 public:
  ProcessorUse() : worker_(current_worker()) {
    if (worker_ != nullptr) {
      worker_->begin_use();
      processor_ = worker_->usable_processor();
    }
  }
  ~ProcessorUse() {
    if (worker_ != nullptr) worker_->end_use();
  }
  ProcessorUse(const ProcessorUse&) = delete;
  ProcessorUse& operator=(const ProcessorUse&) = delete;

  Processor* get() const { return processor_; }

 private:
  Worker* worker_;
  Processor* processor_ = nullptr;
};

}  // namespace fiber::internal

#endif  // FIBERSAN_RUNTIME_PROCESSOR_USE_H
