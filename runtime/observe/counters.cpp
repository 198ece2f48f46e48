#include "runtime/observe/counters.h"

#include "runtime/processor_use.h"

namespace fiber::internal {

Counters& shared_counters() {
  static constinit Counters counters;
  return counters;
}

void count(Counter counter, uint64_t by) {
  // Our own while it lives: the monitor may be taking the processor (processor_use.h).
  const ProcessorUse use;
  if (use.get() != nullptr) {
    use.get()->counters.add(counter, by);
  } else {
    shared_counters().add_shared(counter, by);
  }
}

}  // namespace fiber::internal
