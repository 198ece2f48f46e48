#include "runtime/observe/counters.h"

#include "runtime/worker.h"

namespace fiber::internal {

Counters& shared_counters() {
  static constinit Counters counters;
  return counters;
}

void count(Counter counter, uint64_t by) {
  Worker* worker = current_worker();
  if (worker != nullptr && worker->processor() != nullptr) {
    worker->processor()->counters.add(counter, by);
  } else {
    shared_counters().add_shared(counter, by);
  }
}

}  // namespace fiber::internal
