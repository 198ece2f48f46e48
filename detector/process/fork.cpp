#include "detector/process/fork.h"

#include <pthread.h>

#include "detector/findings/findings.h"

namespace fibersan {

void handle_forks() {
  pthread_atfork(findings_before_fork, findings_after_fork_in_parent, findings_after_fork_in_child);
}

}  // namespace fibersan
